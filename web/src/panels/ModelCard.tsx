import { Select, Skeleton } from "@mantine/core";
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import type { Translate } from "../i18n";
import { currentLanguage } from "../i18n";
import { formatFigure, formatNumber } from "../i18n/format";
import styles from "./AiPanel.module.css";
import panel from "./panel.module.css";
import type { Model } from "./predictionDesk";
import { useOpenSlide } from "./slideContext";

/** How much coarser than the training a slide may be before the reader is warned. */
const COARSER_TOLERATED = 1.25;

/** What the model is, what it is good for, and where it must not be believed. */
export function ModelCard() {
  const { t } = useTranslation();
  const { desk } = useOpenSlide();
  const { model, models } = desk;
  if (desk.loading) return <Skeleton height={112} radius="lg" />;
  if (!model) {
    return (
      <div className={panel.card}>
        <strong>{t("ai.noModels")}</strong>
        <p className={styles.muted}>{t("ai.noModelsText")}</p>
      </div>
    );
  }
  return (
    <section className={panel.card} aria-label={t("ai.model")}>
      {models.length > 1 ? (
        <Select
          size="xs"
          mb={8}
          aria-label={t("ai.model")}
          data={models.map((each) => ({ value: each.name, label: `${each.name} v${each.version}` }))}
          value={model.name}
          allowDeselect={false}
          onChange={(name) => name && desk.setModel(name)}
        />
      ) : (
        <div className={styles.title}>
          <strong>
            {model.name} v{model.version}
          </strong>
        </div>
      )}
      <p className={styles.muted}>{factsOf(model, t)}</p>
      <p className={styles.warning}>{t("ai.research", { organ: organName(model.organ) })}</p>
      <Warnings model={model} />
      <Details model={model} />
    </section>
  );
}

function factsOf(model: Model, t: Translate): string {
  const dice = model.diceCarcinoma == null ? null : t("ai.dice", { value: formatNumber(model.diceCarcinoma, 2) });
  const cases = model.cases == null ? null : t("ai.cases", { count: model.cases });
  const measured = [dice, cases].filter(Boolean).join(" ");
  return [organName(model.organ), t("panel.perPixel", { value: formatNumber(model.mpp, 1) }), measured]
    .filter(Boolean)
    .join(" · ");
}

/** The organ in the reader's language where it is a known one, else as the model card says it. */
function organName(organ: string): string {
  return i18next.t(`organ.${organ}`, { defaultValue: organ });
}

/** What makes this slide a bad one for this model. */
function Warnings({ model }: { readonly model: Model }) {
  const { t } = useTranslation();
  const { slide } = useOpenSlide();
  const mpp = formatFigure(model.mpp);
  return (
    <>
      {!model.ready && <p className={styles.warning}>{t("ai.modelDown")}</p>}
      {slide.mppX == null && <p className={styles.warning}>{t("ai.scaleUnknown", { mpp })}</p>}
      {slide.mppX != null && slide.mppX > model.mpp * COARSER_TOLERATED && (
        <p className={styles.warning}>{t("ai.scaleCoarse", { slide: formatFigure(slide.mppX), mpp })}</p>
      )}
    </>
  );
}

function Details({ model }: { readonly model: Model }) {
  const { t } = useTranslation();
  const korean = currentLanguage() === "ko";
  const { diceLow95: low, diceHigh95: high } = model;
  return (
    <details className={styles.details}>
      <summary>{t("ai.limits")}</summary>
      <ul>
        <li>{t("ai.outside")}</li>
        {(korean ? model.limitsKo : model.limits).map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
      <dl className={panel.facts}>
        {low != null && high != null && (
          <>
            <dt>Dice</dt>
            <dd>{t("ai.range", { low: formatNumber(low, 2), high: formatNumber(high, 2) })}</dd>
          </>
        )}
        <dt>{t("ai.classes")}</dt>
        <dd>{model.classes.map((each) => (korean ? each.labelKo : each.labelEn)).join(", ")}</dd>
        <dt>{t("ai.training")}</dt>
        <dd>{model.trainingData}</dd>
        <dt>{t("ai.licence")}</dt>
        <dd>{model.licence}</dd>
      </dl>
    </details>
  );
}
