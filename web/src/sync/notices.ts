/** What to tell the user in passing: the latest few, until dismissed. */
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { SessionNotice } from "../viewer/facade";

const LONGEST_NOTICES = 5;

export class Notices {
  readonly list = new Value<readonly SessionNotice[]>([]);

  /** `params` comes as the server sent it: anything but an object says nothing. */
  add(tone: SessionNotice["tone"], code: string, message: string, params: unknown = {}): void {
    const values = typeof params === "object" && params !== null ? (params as Readonly<Record<string, unknown>>) : {};
    const notice: SessionNotice = { id: newId(), tone, code, message, params: values };
    this.list.update((notices) => [...notices, notice].slice(-LONGEST_NOTICES));
  }

  dismiss(id: string): void {
    this.list.update((notices) => notices.filter((notice) => notice.id !== id));
  }
}
