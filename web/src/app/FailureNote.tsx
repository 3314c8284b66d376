import { Alert, type AlertProps } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import styles from "./FailureNote.module.css";
import { describeFailure, type Failure } from "./failure";

interface Props extends Pick<AlertProps, "mt" | "mb"> {
  readonly failure: Failure | null;
  /** Fields that show their failure themselves. */
  readonly except?: readonly string[];
}

/** A failure in place, in the reader's language. */
export function FailureNote({ failure, except = [], ...rest }: Props) {
  useTranslation();
  if (!failure || (failure.field && except.includes(failure.field))) return null;
  return (
    <Alert role="alert" icon={<IconAlertTriangle size={18} />} classNames={styles} {...rest}>
      {describeFailure(failure)}
    </Alert>
  );
}

/** The text for an input's own `error`, when the failure is about it. */
export function fieldError(failure: Failure | null, field: string): string | undefined {
  return failure?.field === field ? describeFailure(failure) : undefined;
}
