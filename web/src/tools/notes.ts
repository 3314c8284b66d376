/** What tools and commands have to tell in passing. */
import { Value } from "../model/observable";
import type { CommandNote } from "../viewer/commandFacade";

export class Notes {
  /** `null` before the first. */
  readonly latest = new Value<CommandNote | null>(null);

  tell(code: CommandNote["code"], count = 0): void {
    this.latest.update((last) => ({ id: (last?.id ?? 0) + 1, code, count }));
  }
}
