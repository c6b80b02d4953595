/** Copies what `shown` has; whether it could. Without TLS browsers copy only what is selected. */
export async function copyFrom(shown: Element | null): Promise<boolean> {
  if (!shown) return false;
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(shown.textContent ?? '');
      return true;
    } catch {
      // Not allowed here: the other way may be.
    }
  }
  getSelection()?.selectAllChildren(shown);
  return document.execCommand('copy');
}
