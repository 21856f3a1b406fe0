/** Tells the usual tools to trust the certificates in `file`. All but Node's replace their own list, so the file must hold the usual ones too. */
export function certificateEnv(file: string): Record<string, string> {
  const names = [
    'SSL_CERT_FILE',
    'CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE',
    'PIP_CERT',
    'GIT_SSL_CAINFO',
    'NODE_EXTRA_CA_CERTS',
  ]
  return Object.fromEntries(names.map((name) => [name, file]))
}
