// The cells of the phone panel and of the wall. Kept outside React: of 250 phones that change a
// hundred times a second, only the cells that changed are touched.

import type { Extension } from '../../api/types';
import { glyphOf } from '../../ui/Badge';
import { LINE_TONES } from '../../ui/LineBadge';
import type { Fit } from './autofit';

/** Class names of the style module. */
export interface CellStyles {
  readonly cell: string;
  readonly number: string;
  readonly name: string;
  readonly glyph: string;
}

interface Options {
  readonly styles: CellStyles;
  /** Said of a cell: `1001, Иванова, Свободен`. */
  readonly labelOf: (phone: Extension) => string;
  /** Missing on the wall, whose cells are only looked at. */
  readonly onPress?: (id: string, cell: HTMLElement) => void;
}

interface Cell {
  readonly element: HTMLElement;
  readonly number: HTMLElement;
  readonly name: HTMLElement;
  readonly glyph: HTMLElement;
  shown: Extension;
}

/** From this height on a cell has room for a name on two lines. */
const ROOMY_PX = 96;

/** Owns everything below one element. */
export class PhoneCells {
  readonly #place: HTMLElement;
  readonly #options: Options;
  readonly #cells = new Map<string, Cell>();
  #columns = 1;
  #tabStop: HTMLElement | undefined;

  constructor(place: HTMLElement, options: Options) {
    this.#place = place;
    this.#options = options;
    place.addEventListener('keydown', this.#onKeyDown);
    place.addEventListener('click', this.#onClick);
  }

  /** Makes cells for exactly these phones, in this order, in this grid. */
  arrange(phones: readonly Extension[], fit: Fit): void {
    const wanted = new Set(phones.map((it) => it.id));
    for (const [id, cell] of this.#cells) {
      if (wanted.has(id)) continue;
      cell.element.remove();
      this.#cells.delete(id);
    }
    this.#columns = fit.columns;
    this.#place.style.gridTemplateColumns = `repeat(${fit.columns}, ${fit.cellWidth}px)`;
    this.#place.style.gridAutoRows = `${fit.cellHeight}px`;
    this.#place.toggleAttribute('data-roomy', fit.cellHeight >= ROOMY_PX);
    this.#place.style.setProperty('--cell', `${Math.min(fit.cellWidth, fit.cellHeight)}px`);
    const elements = phones.map((phone) => this.#cellOf(phone).element);
    this.#place.replaceChildren(...elements);
    this.#moveTabStop(this.#tabStop?.isConnected ? this.#tabStop : elements[0]);
  }

  /** Shows what has changed. Phones without a cell are left out. Returns how many cells it touched. */
  update(phones: ReadonlyMap<string, Extension>): number {
    let touched = 0;
    for (const [id, cell] of this.#cells) {
      const phone = phones.get(id);
      if (phone === undefined || phone === cell.shown) continue;
      this.#show(cell, phone);
      touched += 1;
    }
    return touched;
  }

  /** Lets go of the element. */
  close(): void {
    this.#place.removeEventListener('keydown', this.#onKeyDown);
    this.#place.removeEventListener('click', this.#onClick);
    this.#place.replaceChildren();
    this.#cells.clear();
  }

  #cellOf(phone: Extension): Cell {
    const known = this.#cells.get(phone.id);
    if (known) {
      this.#show(known, phone);
      return known;
    }
    const { styles, onPress } = this.#options;
    const element = document.createElement(onPress ? 'button' : 'div');
    element.className = styles.cell;
    element.dataset.id = phone.id;
    if (onPress) {
      element.setAttribute('type', 'button');
      element.tabIndex = -1;
    } else {
      element.setAttribute('role', 'listitem');
    }
    const part = (className: string) => {
      const span = document.createElement('span');
      span.className = className;
      element.append(span);
      return span;
    };
    const cell: Cell = {
      element,
      number: part(styles.number),
      glyph: part(styles.glyph),
      name: part(styles.name),
      shown: phone,
    };
    cell.name.dir = 'auto';
    cell.glyph.ariaHidden = 'true';
    this.#cells.set(phone.id, cell);
    this.#show(cell, phone);
    return cell;
  }

  #show(cell: Cell, phone: Extension): void {
    const tone = LINE_TONES[phone.status];
    setText(cell.number, phone.number);
    setText(cell.name, phone.name ?? '');
    setText(cell.glyph, glyphOf(tone));
    cell.element.dataset.tone = tone;
    const label = this.#options.labelOf(phone);
    cell.element.setAttribute('aria-label', label);
    cell.element.title = label;
    cell.shown = phone;
  }

  readonly #onClick = (event: MouseEvent) => {
    const element = (event.target as HTMLElement).closest<HTMLElement>('[data-id]');
    if (!element?.dataset.id) return;
    this.#moveTabStop(element);
    this.#options.onPress?.(element.dataset.id, element);
  };

  readonly #onKeyDown = (event: KeyboardEvent) => {
    const cells = [...this.#place.children] as HTMLElement[];
    const at = cells.indexOf(event.target as HTMLElement);
    const step = STEPS[event.key]?.(this.#columns, at, cells.length);
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const next = cells[Math.min(Math.max(step, 0), cells.length - 1)];
    if (!next) return;
    this.#moveTabStop(next);
    next.focus();
  };

  #moveTabStop(element: HTMLElement | undefined): void {
    if (!this.#options.onPress) return;
    if (this.#tabStop) this.#tabStop.tabIndex = -1;
    this.#tabStop = element;
    if (element) element.tabIndex = 0;
  }
}

const STEPS: Readonly<Record<string, (columns: number, at: number, count: number) => number>> = {
  ArrowRight: (_, at) => at + 1,
  ArrowLeft: (_, at) => at - 1,
  ArrowDown: (columns, at, count) => (at + columns < count ? at + columns : at),
  ArrowUp: (columns, at) => (at - columns >= 0 ? at - columns : at),
  Home: () => 0,
  End: (_, __, count) => count - 1,
};

/** Writing the same text costs a layout too. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
