import { useTranslation } from "react-i18next";
import { AiPanel } from "./AiPanel";
import { AnnotationsPanel } from "./AnnotationsPanel";
import { isRunning } from "./predictionDesk";
import styles from "./RightPanel.module.css";
import { useOpenSlide } from "./slideContext";

const TABS = ["annotations", "ai"] as const;
export type RightTab = (typeof TABS)[number];

interface Props {
  readonly tab: RightTab;
  readonly onTab: (tab: RightTab) => void;
}

/** Annotations and AI, one tab each. */
export function RightPanel({ tab, onTab }: Props) {
  const { t } = useTranslation();
  const { desk } = useOpenSlide();
  const running = desk.predictions.some(isRunning);
  const step = (by: number) => {
    const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length];
    if (!next) return;
    onTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div className={styles.panel}>
      <div className={styles.tabs} role="tablist" aria-label={t("viewer.panelRight")}>
        {TABS.map((each) => (
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
          </button>
        ))}
      </div>
      <div id="right-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className={styles.body}>
        {tab === "annotations" ? <AnnotationsPanel /> : <AiPanel />}
      </div>
    </div>
  );
}
