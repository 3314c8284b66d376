import { Slider } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatNumber, formatPercent } from "../i18n/format";
import styles from "./AiPanel.module.css";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { TermSwatch } from "./TermSwatch";

const CLASSES = ["positive", "benign", "unsure"] as const;
const UNSURE_COLOR = "#f0b44c";
const BENIGN_COLOR = "#6fa3d8";
const POSITIVE_COLOR = "#d7263d";

/** How the overlay looks; every handle acts at once and on this screen only. */
export function OverlayCard() {
  const { t } = useTranslation();
  const { workbench, desk } = useOpenSlide();
  const style = useObservable(workbench.heatmapStyle);
  const classes = (desk.shownModel ?? desk.model)?.classes ?? [];
  const colors = {
    positive: classes.find((each) => each.positive)?.color ?? POSITIVE_COLOR,
    benign: classes.find((each) => /benign/i.test(each.name))?.color ?? BENIGN_COLOR,
    unsure: UNSURE_COLOR,
  };
  return (
    <Section
      title={t("ai.overlay")}
      aside={
        <button
          type="button"
          className={panel.icon}
          aria-label={t("ai.showOverlay")}
          aria-pressed={style.visible}
          onClick={() => workbench.setHeatmapStyle({ visible: !style.visible })}
        >
          {style.visible ? <IconEye size={16} /> : <IconEyeOff size={16} />}
        </button>
      }
    >
      <div className={panel.card}>
        <Handle
          label={t("ai.threshold")}
          text={formatNumber(style.threshold, 2)}
          value={style.threshold}
          onChange={(threshold) => workbench.setHeatmapStyle({ threshold })}
        />
        <Handle
          label={t("ai.opacity")}
          text={formatPercent(style.opacity)}
          value={style.opacity}
          onChange={(opacity) => workbench.setHeatmapStyle({ opacity })}
        />
        <div className={styles.classes}>
          {CLASSES.map((each) => (
            <button
              key={each}
              type="button"
              className={styles.class}
              aria-pressed={style.classes[each]}
              onClick={() => workbench.setHeatmapStyle({ classes: { ...style.classes, [each]: !style.classes[each] } })}
            >
              <TermSwatch look={{ color: colors[each], pattern: each === "unsure" ? "hatched" : "solid" }} />
              {t(`ai.${each}`)}
            </button>
          ))}
        </div>
      </div>
    </Section>
  );
}

interface HandleProps {
  readonly label: string;
  readonly text: string;
  /** 0..1 */
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function Handle({ label, text, value, onChange }: HandleProps) {
  return (
    <div className={styles.slider}>
      <div className={styles.line}>
        <span>{label}</span>
        <strong>{text}</strong>
      </div>
      <Slider
        size={4}
        thumbSize={15}
        min={0}
        max={1}
        step={0.01}
        label={null}
        thumbLabel={label}
        value={value}
        onChange={onChange}
      />
    </div>
  );
}
