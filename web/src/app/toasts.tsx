/** Short messages at the lower edge: what happened, at most one verb to answer it. */
import { ActionIcon } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconX } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Value } from "../model/observable";
import { describeFailure, failureOf } from "./failure";
import styles from "./toasts.module.css";
import { useObservable } from "./useObservable";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "ok" | "warning";
  readonly action?: { readonly label: string; readonly run: () => void };
}

const LIFETIME_MS = 6_000;
const MOST_AT_ONCE = 3;

const toasts = new Value<readonly Toast[]>([]);
let lastId = 0;

export function showToast(text: string, options: Partial<Pick<Toast, "tone" | "action">> = {}): void {
  lastId += 1;
  const toast: Toast = { id: lastId, text, tone: "ok", ...options };
  toasts.update((shown) => [...shown, toast].slice(-MOST_AT_ONCE));
}

/** Tells in passing that something did not work. */
export function showFailure(error: unknown): void {
  showToast(describeFailure(failureOf(error)), { tone: "warning" });
}

function dismiss(id: number): void {
  toasts.update((shown) => shown.filter((toast) => toast.id !== id));
}

/** Where toasts appear; one on the page. */
export function Toasts() {
  const { t } = useTranslation();
  const shown = useObservable(toasts);
  return (
    <section className={styles.region} aria-label={t("notice.region")} aria-live="polite">
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(toast.id), LIFETIME_MS);
    return () => clearTimeout(timer);
  }, [toast.id]);
  const { action } = toast;
  const Icon = toast.tone === "ok" ? IconCircleCheck : IconAlertTriangle;
  return (
    <div className={styles.toast} data-tone={toast.tone}>
      <Icon size={18} className={styles.icon} aria-hidden />
      <span>{toast.text}</span>
      {action && (
        <button
          type="button"
          className={styles.action}
          onClick={() => {
            action.run();
            dismiss(toast.id);
          }}
        >
          {action.label}
        </button>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t("notice.dismiss")}
        onClick={() => dismiss(toast.id)}
      >
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}
