import { Button, Select } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { FailureNote } from "../app/FailureNote";
import { useObservable } from "../app/useObservable";
import { formatAgo } from "../i18n/format";
import styles from "./AiPanel.module.css";
import { ModelCard } from "./ModelCard";
import { OutlineList } from "./OutlineList";
import { OverlayCard } from "./OverlayCard";
import { PredictHereButton } from "./PredictHere";
import { ProgressCard } from "./ProgressCard";
import panel from "./panel.module.css";
import { isRunning } from "./predictionDesk";
import { ResultCard } from "./ResultCard";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";

/** The model, its run on this slide, and what came of it. */
export function AiPanel() {
  const { t } = useTranslation();
  const { desk, canDraw, workbench } = useOpenSlide();
  const { phase } = useObservable(workbench.glimpse);
  const { shown, predictions, model } = desk;
  const running = shown !== null && isRunning(shown);
  return (
    <div className={panel.scroll}>
      <div className={styles.stack}>
        <ModelCard />
        {!running && model && (
          <div className={styles.start}>
            <Button
              variant={shown ? "default" : "filled"}
              leftSection={<IconSparkles size={16} />}
              loading={desk.busy}
              disabled={!canDraw}
              onClick={() => desk.start("slide")}
            >
              {shown ? t("ai.again") : t("ai.start")}
            </Button>
            <Button variant="default" disabled={!canDraw || desk.busy} onClick={() => desk.start("view")}>
              {t("ai.startView")}
            </Button>
          </div>
        )}
        {model && <PredictHereButton />}
        {!canDraw && <p className={panel.hint}>{t("ai.mayNot")}</p>}
        <FailureNote failure={desk.failure} />
        {!shown && model && <p className={panel.hint}>{t("ai.emptyText")}</p>}
      </div>
      {predictions.length > 1 && shown && (
        <Select
          size="xs"
          label={t("ai.runs")}
          value={shown.id}
          allowDeselect={false}
          data={predictions.map((prediction) => ({
            value: prediction.id,
            label: `${t("ai.run", { model: prediction.model, ago: formatAgo(prediction.createdAt) })} · ${
              prediction.region ? t("ai.part") : t("ai.whole")
            }`,
          }))}
          onChange={(id) => id && desk.show(id)}
        />
      )}
      {shown && <ProgressCard prediction={shown} />}
      {((shown && shown.status !== "FAILED") || phase === "shown") && <OverlayCard />}
      {shown?.status === "SUCCEEDED" && <ResultCard prediction={shown} />}
      {shown?.layerId && (
        <Section title={t("ai.results")} aside={<OutlineList.Count />}>
          <OutlineList />
        </Section>
      )}
    </div>
  );
}
