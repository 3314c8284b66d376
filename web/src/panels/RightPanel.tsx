import { useTranslation } from "react-i18next";
import { later } from "../app/later";
import { formatNumber } from "../i18n/format";
import { AnnotationsPanel } from "./AnnotationsPanel";
import { isRunning } from "./predictionDesk";
import styles from "./RightPanel.module.css";
import { RIGHT_TABS, type RightTab } from "./rightTabs";
import { useOpenSlide } from "./slideContext";

const AiPanel = later(async () => (await import("./AiPanel")).AiPanel);
const CommentsPanel = later(async () => (await import("./CommentsPanel")).CommentsPanel);

interface Props {
  readonly tab: RightTab;
  readonly onTab: (tab: RightTab) => void;
}

/** Annotations, AI and comments, one tab each. */
export function RightPanel({ tab, onTab }: Props) {
  const { t } = useTranslation();
  const { desk, comments } = useOpenSlide();
  const running = desk.predictions.some(isRunning);
  const openThreads = comments.threads.filter((thread) => thread.resolvedAt === null).length;
  const step = (by: number) => {
    const next = RIGHT_TABS[(RIGHT_TABS.indexOf(tab) + by + RIGHT_TABS.length) % RIGHT_TABS.length];
    if (!next) return;
    onTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div className={styles.panel}>
      <div className={styles.tabs} role="tablist" aria-label={t("viewer.panelRight")}>
        {RIGHT_TABS.map((each) => (
          <button
            key={each}
            id={`tab-${each}`}
            type="button"
            role="tab"
            aria-selected={each === tab}
            aria-controls="right-panel"
            tabIndex={each === tab ? 0 : -1}
            onClick={() => onTab(each)}
            onKeyDown={(event) => {
              if (event.key === "ArrowRight") step(1);
              if (event.key === "ArrowLeft") step(-1);
            }}
          >
            {t(`${each}.tab`)}
            {each === "ai" && running && <i className={styles.running} aria-hidden />}
            {each === "comments" && openThreads > 0 && (
              <span className={styles.count}>{formatNumber(openThreads)}</span>
            )}
          </button>
        ))}
      </div>
      <div id="right-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className={styles.body}>
        <Body tab={tab} />
      </div>
    </div>
  );
}

function Body({ tab }: { readonly tab: RightTab }) {
  switch (tab) {
    case "annotations":
      return <AnnotationsPanel />;
    case "ai":
      return <AiPanel />;
    case "comments":
      return <CommentsPanel />;
  }
}
