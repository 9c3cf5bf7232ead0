/** Dialog information (RFC 4235 §4): the calls of a user, as documents and as values. */
export { mergeDialogInfo } from './dialog-info/merge.ts'
export * from './dialog-info/model.ts'
export {
  DIALOG_INFO_LIMITS,
  DialogInfoError,
  MAX_DIALOGS,
  parseDialogInfo,
} from './dialog-info/parser.ts'
export { renderDialog, renderDialogInfo } from './dialog-info/renderer.ts'
