import { issueCertificate, makeAuthority } from '../../src/ops/certificate-maker.ts'

/** A certificate for these names from an authority made on the spot, in PEM. */
export async function testIdentity(
  names: readonly string[] = ['capulet.example', 'montague.example', 'localhost'],
): Promise<{ cert: string; key: string }> {
  const authority = await makeAuthority(Date.now())
  const { certificatePem, keyPem } = await issueCertificate(authority, names, Date.now())
  return { cert: certificatePem, key: keyPem }
}
