// Theme and density: shown at once, kept in this browser for the next start, and on the server for the
// user's other machines.

export type Theme = 'auto' | 'light' | 'dark';
export type Density = 'compact' | 'normal' | 'spacious';

export interface Appearance {
  readonly theme: Theme;
  readonly density: Density;
}

const STORED = 'tandem.appearance';
const darkPreferred = window.matchMedia('(prefers-color-scheme: dark)');

let current: Appearance = stored();
const listeners = new Set<() => void>();

/** The same object until it is changed, as `useSyncExternalStore` requires. */
export const appearance = (): Appearance => current;

export function subscribeToAppearance(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Changes what is given, and shows it. */
export function setAppearance(part: Partial<Appearance>): void {
  current = { ...current, ...part };
  localStorage.setItem(STORED, JSON.stringify(current));
  show();
  for (const listener of listeners) listener();
}

/** Shows what this browser remembers, and follows the system's theme from then on. */
export function startAppearance(): void {
  show();
  darkPreferred.addEventListener('change', show);
}

/** Takes over what the server keeps for the user; what it does not know stays. */
export function adoptSettings(settings: Record<string, unknown>): void {
  const { theme, density } = settings;
  setAppearance({
    ...(isTheme(theme) && { theme }),
    ...(isDensity(density) && { density }),
  });
}

function show(): void {
  const { theme, density } = current;
  const isDark = theme === 'dark' || (theme === 'auto' && darkPreferred.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  document.documentElement.dataset.density = density;
}

function stored(): Appearance {
  const defaults: Appearance = { theme: 'auto', density: 'normal' };
  try {
    const { theme, density } = JSON.parse(localStorage.getItem(STORED) ?? '{}');
    return {
      theme: isTheme(theme) ? theme : defaults.theme,
      density: isDensity(density) ? density : defaults.density,
    };
  } catch {
    return defaults;
  }
}

const isTheme = (it: unknown): it is Theme => it === 'auto' || it === 'light' || it === 'dark';
const isDensity = (it: unknown): it is Density =>
  it === 'compact' || it === 'normal' || it === 'spacious';
