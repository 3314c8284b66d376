import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Redirect } from "wouter";
import { EmptyState } from "./EmptyState";
import { describeFailure, type Failure } from "./failure";
import { signInPath } from "./paths";

interface Props {
  readonly title: string;
  readonly failure: Failure;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}

/** A page that could not be shown: why, and what to do. A session that has ended leads to the sign-in page. */
export function Refusal({ title, failure, onRetry, children }: Props) {
  const { t } = useTranslation();
  if (failure.code === "NOT_SIGNED_IN") return <Redirect to={signInPath(window.location)} replace />;
  return (
    <EmptyState icon={<IconPlugConnectedX />} title={title} text={describeFailure(failure)} role="alert">
      {onRetry && <Button onClick={onRetry}>{t("common.retry")}</Button>}
      {children}
    </EmptyState>
  );
}
