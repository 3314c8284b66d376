import { Tooltip } from "@mantine/core";
import {
  IconAdjustmentsHorizontal,
  IconHistory,
  IconInfoCircle,
  IconKeyboard,
  IconPhoto,
  IconSettings,
  IconStack2,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { later } from "../app/later";
import { SETTINGS } from "../app/paths";
import { HistorySection } from "./HistorySection";
import { LayersSection } from "./LayersSection";
import styles from "./LeftPanel.module.css";
import { MeasuresSection } from "./MeasuresSection";
import panel from "./panel.module.css";
import { TermsSection } from "./TermsSection";

const AboutPanel = later(async () => (await import("./AboutPanel")).AboutPanel);
const HistoryPanel = later(async () => (await import("./HistoryPanel")).HistoryPanel);
const PicturePanel = later(async () => (await import("./PicturePanel")).PicturePanel);
const StripPanel = later(async () => (await import("./StripPanel")).StripPanel);

const TABS = ["slides", "work", "picture", "history", "slide"] as const;
export type LeftTab = (typeof TABS)[number];

const ICONS = {
  slides: IconPhoto,
  work: IconStack2,
  picture: IconAdjustmentsHorizontal,
  history: IconHistory,
  slide: IconInfoCircle,
};

interface RailProps {
  readonly tab: LeftTab | "none";
  readonly onTab: (tab: LeftTab | "none") => void;
  readonly onShortcuts: () => void;
}

/** What the left panel shows; pressing the shown one folds it away. */
export function Rail({ tab, onTab, onShortcuts }: RailProps) {
  const { t } = useTranslation();
  return (
    <nav className={styles.rail} aria-label={t("viewer.panelLeft")}>
      {TABS.map((each) => {
        const Icon = ICONS[each];
        const label = t(`viewer.rail.${each}`);
        return (
          <Tooltip key={each} label={label} position="right">
            <button
              type="button"
              className={styles.item}
              aria-label={label}
              aria-pressed={each === tab}
              onClick={() => onTab(each === tab ? "none" : each)}
            >
              <Icon size={20} stroke={1.7} />
            </button>
          </Tooltip>
        );
      })}
      <span className={styles.space} />
      <Tooltip label={`${t("viewer.shortcuts")}  ?`} position="right">
        <button
          type="button"
          className={styles.item}
          data-tour="keys"
          aria-label={t("viewer.shortcuts")}
          onClick={onShortcuts}
        >
          <IconKeyboard size={20} stroke={1.7} />
        </button>
      </Tooltip>
      <Tooltip label={t("nav.settings")} position="right">
        <Link href={SETTINGS} className={styles.item} aria-label={t("nav.settings")}>
          <IconSettings size={20} stroke={1.7} />
        </Link>
      </Tooltip>
    </nav>
  );
}

export function LeftPanel({ tab }: { readonly tab: LeftTab }) {
  switch (tab) {
    case "work":
      return (
        <div className={panel.scroll}>
          <div data-tour="terms">
            <TermsSection />
          </div>
          <LayersSection />
          <MeasuresSection />
          <HistorySection />
        </div>
      );
    case "history":
      return (
        <div className={panel.scroll}>
          <HistoryPanel />
        </div>
      );
    case "slide":
      return (
        <div className={panel.scroll}>
          <AboutPanel />
        </div>
      );
    case "picture":
      return (
        <div className={panel.scroll}>
          <PicturePanel />
        </div>
      );
    case "slides":
      return (
        <div className={panel.scroll}>
          <StripPanel />
        </div>
      );
  }
}
