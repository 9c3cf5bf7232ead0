import Type from 'typebox'
import { boolean, define, duration, integer, list, size } from '../option.ts'
import { parseDomain } from '../values.ts'

const GB = 1024 ** 3
const TB = 1024 * GB

const service = {
  enabled: boolean({
    default: true,
    doc: 'Whether users may share files over HTTPS (XEP-0363), on the listeners of `http`.',
  }),
  name: define<string>(
    { type: 'string' },
    {
      description:
        'What stands before each domain in the address of its service: `upload` is `upload.example.com`. Nothing of it is in the URLs of files, and DNS need not know it.',
      default: 'upload',
      expects: 'a name such as upload',
      read: parseDomain,
    },
  ),
  domains: list('domain', {
    default: [],
    doc: 'Domains of this system whose users may share files; all, where it is empty.',
  }),
  types: list('mediaType', {
    default: [],
    doc: 'Types of content that are taken, such as `image/png` or `image/*`; all, where it is empty.',
  }),
}

const limits = {
  maxSize: size({
    default: '10 MB',
    min: 1024,
    max: 100 * GB,
    doc: 'The largest file.',
  }),
  keep: duration({
    default: '30d',
    max: '3650d',
    doc: 'How long a file stays. 0s: as long as the user who shared it.',
  }),
  quota: size({
    default: '500 MB',
    min: 1024,
    max: 100 * TB,
    doc: 'What one user’s files take at a time, those for his profile and permanent ones excepted.',
  }),
  bytesPerDay: size({
    default: '100 MB',
    min: 1024,
    max: 100 * TB,
    doc: 'What one user may share within 24 hours.',
  }),
  filesPerDay: integer({
    default: 500,
    min: 1,
    max: 1_000_000,
    doc: 'Likewise, in files.',
  }),
  totalQuota: size({
    default: '10 GB',
    max: 1000 * TB,
    doc: 'What the files of all users take at a time. 0: as much as the disk has room for.',
  }),
  profileQuota: size({
    default: '4 MB',
    max: TB,
    doc: 'What one user’s files for his profile (avatars) take at a time. They stay as long as he does. 0: none are taken.',
  }),
  maxProfileSize: size({
    default: '1 MB',
    min: 1024,
    max: GB,
    doc: 'The largest of those.',
  }),
  permanentQuota: size({
    default: '0',
    max: TB,
    doc: 'What one user’s permanent files (pictures of a blog) take at a time. They stay as long as he does. 0: none are taken.',
  }),
}

const transfers = {
  slotTimeout: duration({
    default: '5m',
    min: '10s',
    max: '1h',
    doc: 'From the permission to upload a file to the beginning of the upload.',
  }),
  maxUploads: integer({
    default: 64,
    min: 1,
    max: 10_000,
    doc: 'Files that arrive at a time, of all users.',
  }),
  maxUploadsPerUser: integer({
    default: 5,
    min: 1,
    max: 1000,
    doc: 'Likewise, of one user.',
  }),
  maxDownloads: integer({
    default: 256,
    min: 1,
    max: 100_000,
    doc: 'Files that are sent at a time.',
  }),
  maxDownloadsPerAddress: integer({
    default: 64,
    min: 1,
    max: 100_000,
    doc: 'Likewise, to one network address.',
  }),
}

export const uploadOptions = Type.Object(
  { ...service, ...limits, ...transfers },
  {
    description:
      'Files that users share. They are in `uploads` of the data directory, which may be a link to a larger disk.',
  },
)
