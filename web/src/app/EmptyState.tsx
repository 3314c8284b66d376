import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

interface Props {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: string;
  readonly role?: "alert" | "status";
  readonly children?: ReactNode;
}

/** What to do when there is nothing to show. */
export function EmptyState({ icon, title, text, role, children }: Props) {
  return (
    <div className={styles.root} role={role}>
      <div className={styles.icon} aria-hidden>
        {icon}
      </div>
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.text}>{text}</p>
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  );
}
