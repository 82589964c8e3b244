/** What a program that we start may know of our environment: an allow-list, so that keys, tokens and the settings of git or
 *  Node that we were started with never reach a worker or a check. */

type Environment = Readonly<Record<string, string | undefined>>;

const allowed = new Set(
  `PATH HOME USER LOGNAME SHELL TERM COLORTERM NO_COLOR FORCE_COLOR CI TZ LANG LANGUAGE TMPDIR
  NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR NIX_SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
  HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy
  npm_config_registry npm_config_cache npm_config_cafile npm_config_strict_ssl
  XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_DATA_DIRS XDG_CONFIG_DIRS
  NVM_DIR NVM_BIN VOLTA_HOME FNM_DIR ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR PNPM_HOME BUN_INSTALL DENO_DIR COREPACK_HOME
  PYENV_ROOT VIRTUAL_ENV CONDA_PREFIX RBENV_ROOT GEM_HOME GEM_PATH BUNDLE_PATH
  CARGO_HOME RUSTUP_HOME GOROOT GOPATH GOCACHE GOMODCACHE GOPROXY GOFLAGS
  JAVA_HOME MAVEN_HOME GRADLE_HOME GRADLE_USER_HOME SDKMAN_DIR ANDROID_HOME DOTNET_ROOT NIX_PATH NIX_PROFILES`
    .trim()
    .split(/\s+/),
);

/** `scheme://user:password@host`, as a proxy or a registry may be given. */
const holdsPassword = /:\/\/[^/\s]*@/;
const plainPath = "/usr/local/bin:/usr/bin:/bin";

/** The complete environment of a program: the allowed part of ours, then `extra`. */
export function workerEnvironment(
  extra: Readonly<Record<string, string>> = {},
  source: Environment = process.env,
): Record<string, string> {
  const passed: Record<string, string> = { PATH: plainPath };
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && mayPass(name) && !holdsPassword.test(value)) passed[name] = value;
  }
  return { ...passed, ...extra };
}

function mayPass(name: string): boolean {
  return allowed.has(name) || /^LC_[A-Z]+$/.test(name);
}
