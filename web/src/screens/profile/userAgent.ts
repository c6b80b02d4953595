/** Browser and system in a few words: `Chrome 156, Linux`; the whole text where it is none we know. */
export function browserOf(userAgent: string): string {
  const browser = BROWSERS.flatMap(([name, pattern]) => {
    const version = pattern.exec(userAgent)?.[1];
    return version ? [`${name} ${version}`] : [];
  })[0];
  const system = SYSTEMS.find(([, mark]) => userAgent.includes(mark))?.[0];
  return browser ? [browser, system].filter(Boolean).join(', ') : userAgent;
}

/** In this order: the later ones are named by the earlier ones, too. */
const BROWSERS = [
  ['Yandex', /YaBrowser\/(\d+)/],
  ['Edge', /Edg\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Chrome', /Chrome\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
] as const;

const SYSTEMS = [
  ['Android', 'Android'],
  ['iOS', 'iPhone'],
  ['Windows', 'Windows'],
  ['macOS', 'Mac OS'],
  ['Linux', 'Linux'],
] as const;
