/** Why something was not done, as the server says it. */
export interface Failure {
  readonly code: string;
  /** In English; `describeFailure` puts it into the reader's language by its code. */
  readonly message: string;
  /** The input field it is about, as it was sent. */
  readonly field?: string | null;
  readonly params?: unknown;
}
