import { IconBrandGithub, IconBrandGoogle, IconKey } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "./ProviderButton.module.css";

interface Provider {
  readonly name: string;
  readonly label: string;
  readonly startUrl: string;
}

const MARKS: Record<string, ReactNode> = {
  kakao: (
    <svg viewBox="0 0 24 24" width={18} height={18} fill="currentColor" aria-hidden focusable="false">
      <path d="M12 3.5c-5.25 0-9.5 3.36-9.5 7.5 0 2.67 1.77 5.02 4.44 6.34l-.9 3.32c-.1.36.31.65.63.44l3.93-2.6c.46.05.92.07 1.4.07 5.25 0 9.5-3.36 9.5-7.57S17.25 3.5 12 3.5Z" />
    </svg>
  ),
  naver: (
    <svg viewBox="0 0 24 24" width={14} height={14} fill="currentColor" aria-hidden focusable="false">
      <path d="M16.2 12.9 7.5 0H0v24h7.8V11.1L16.5 24H24V0h-7.8v12.9Z" />
    </svg>
  ),
  google: <IconBrandGoogle size={18} aria-hidden />,
  github: <IconBrandGithub size={18} aria-hidden />,
};

interface Props {
  readonly provider: Provider;
  readonly next: string;
}

/** One OAuth provider in the colours its guidelines ask for. */
export function ProviderButton({ provider, next }: Props) {
  const { t } = useTranslation();
  const query = next === "/" ? "" : `${provider.startUrl.includes("?") ? "&" : "?"}next=${encodeURIComponent(next)}`;
  return (
    <a className={styles.button} data-provider={provider.name} href={provider.startUrl + query}>
      <span className={styles.mark}>{MARKS[provider.name] ?? <IconKey size={18} aria-hidden />}</span>
      {t("signIn.with", { provider: provider.label })}
    </a>
  );
}
