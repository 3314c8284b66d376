import { Button, SegmentedControl, Slider } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { FailureNote } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { useObservable } from "../app/useObservable";
import { SetSlideLookDocument } from "../gql/graphql";
import type { Translate } from "../i18n";
import { formatNumber, formatPercent } from "../i18n/format";
import { isPlain, type PictureLook, PLAIN_LOOK, STAINS, type Stain } from "../model/pictureLook";
import styles from "./PicturePanel.module.css";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";

/** Gamma is turned by its logarithm, so that 1 lies in the middle. */
const GAMMA_STEPS = Math.log2(5);

interface Handle {
  readonly name: "brightness" | "contrast" | "gamma";
  readonly span: number;
  readonly toSlider: (value: number) => number;
  readonly toValue: (slider: number) => number;
  readonly text: (value: number) => string;
}

const itself = (value: number) => value;
const signed = (value: number) => (value > 0 ? `+${formatPercent(value)}` : formatPercent(value));
const HANDLES: readonly Handle[] = [
  { name: "brightness", span: 1, toSlider: itself, toValue: itself, text: signed },
  { name: "contrast", span: 1, toSlider: itself, toValue: itself, text: signed },
  {
    name: "gamma",
    span: GAMMA_STEPS,
    toSlider: Math.log2,
    toValue: (slider) => Math.min(5, Math.max(0.2, Number((2 ** slider).toFixed(3)))),
    text: (value) => formatNumber(value, 2),
  },
];

/** How the slide's picture looks to me: at once while a handle moves, kept with my account when it is let go. */
export function PicturePanel() {
  const { t } = useTranslation();
  const { slide, workbench } = useOpenSlide();
  const look = useObservable(workbench.pictureLook);
  const { run, failure } = useAction(SetSlideLookDocument);
  const keep = (wanted: PictureLook) => {
    workbench.setPictureLook(wanted);
    void run({ slideId: slide.id, ...wanted });
  };
  return (
    <Section
      title={t("picture.title")}
      aside={
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconRestore size={14} />}
          disabled={isPlain(look)}
          onClick={() => keep(PLAIN_LOOK)}
        >
          {t("picture.reset")}
        </Button>
      }
    >
      <div className={`${panel.card} ${styles.card}`}>
        {HANDLES.map(({ name, span, toSlider, toValue, text }) => (
          <div key={name}>
            <div className={styles.line}>
              <span>{t(`picture.${name}`)}</span>
              <strong>{text(look[name])}</strong>
            </div>
            <Slider
              size={4}
              thumbSize={15}
              min={-span}
              max={span}
              step={span / 50}
              label={null}
              thumbLabel={t(`picture.${name}`)}
              value={toSlider(look[name])}
              onChange={(slider) => workbench.setPictureLook({ [name]: toValue(slider) })}
              onChangeEnd={(slider) => keep({ ...look, [name]: toValue(slider) })}
            />
          </div>
        ))}
      </div>
      <h3 className={styles.sub} id="picture-stain">
        {t("picture.stain")}
      </h3>
      <SegmentedControl
        fullWidth
        size="sm"
        orientation="vertical"
        aria-labelledby="picture-stain"
        data={STAINS.map((stain) => ({ value: stain, label: <StainLabel stain={stain} t={t} /> }))}
        value={look.stain}
        onChange={(stain) => keep({ ...look, stain: stain as Stain })}
      />
      <p className={`${panel.hint} ${styles.hint}`}>{t("picture.hint")}</p>
      <FailureNote failure={failure} />
    </Section>
  );
}

function StainLabel({ stain, t }: { readonly stain: Stain; readonly t: Translate }) {
  return (
    <span className={styles.stain}>
      <i data-stain={stain} aria-hidden />
      {t(`picture.stains.${stain}`)}
    </span>
  );
}
