// An office at work, for screens that are to be looked at: phones are on, one call is over, one lasts.

import type { Page } from 'playwright-core';
import { Baresip } from './baresip';
import { ask, Office } from './people';
import { Phone } from './phone';
import { waitFor } from './wait';

const LIVE_CALL_LIMIT_MS = 60_000;

export class WorkingDay {
  readonly office: Office;
  readonly #phones: readonly Phone[];
  readonly #caller: Baresip;
  readonly #callee: Baresip;
  readonly #admin: Page;

  private constructor(
    office: Office,
    phones: readonly Phone[],
    [caller, callee]: [Baresip, Baresip],
    admin: Page,
  ) {
    this.office = office;
    this.#phones = phones;
    this.#caller = caller;
    this.#callee = callee;
    this.#admin = admin;
  }

  /** Some phones are on; 1001 and 1002 have talked, and talk again. */
  static async begin(): Promise<WorkingDay> {
    const office = await Office.open();
    const { server } = office;
    const phones = await Promise.all(
      ['1003', '1005', '2001'].map((number) =>
        Phone.register(server, { number, userAgent: `Desk phone ${number}/2.1` }),
      ),
    );
    const talkers: [Baresip, Baresip] = [
      await Baresip.register(server, '1001', false),
      await Baresip.register(server, '1002', true),
    ];
    const admin = await office.windowOf('admin', '/favicon.svg');
    const day = new WorkingDay(office, phones, talkers, admin);
    await day.talk();
    const [call] = await day.#calls();
    await ask(admin, 'POST', `/calls/${call?.id}/hangup`);
    await day.#caller.next('CALL_CLOSED');
    await day.#callee.next('CALL_CLOSED');
    await day.talk();
    return day;
  }

  /**
   * Has the call on, also if the phones have meanwhile said all that they had to say; whether it was
   * made anew.
   */
  async talk(): Promise<boolean> {
    if ((await this.#calls()).length > 0) return false;
    this.#caller.dial('1002');
    await this.#caller.next('CALL_ESTABLISHED');
    await waitFor('the live call', LIVE_CALL_LIMIT_MS, async () =>
      (await this.#calls()).length > 0 ? true : undefined,
    );
    return true;
  }

  async end(): Promise<void> {
    for (const it of this.#phones) it.close();
    await this.#caller.stop();
    await this.#callee.stop();
    await this.office.close();
  }

  async #calls(): Promise<readonly { id: string }[]> {
    return (await ask<{ items: { id: string }[] }>(this.#admin, 'GET', '/calls/active')).items;
  }
}
