/** A figure with so many digits behind the point; a dash where it is not known. */
export function decimal(value: number | null, locale: string, digits: number): string {
  if (value === null) return '—';
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}
