import { Button, CloseButton, Loader } from "@mantine/core";
import { IconAlertTriangle, IconSparkles } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import { useObservable } from "../app/useObservable";
import styles from "./PredictHere.module.css";
import { useOpenSlide } from "./slideContext";

/** Asks what the model sees in the present view, in an instant and without a trace. */
export function PredictHereButton() {
  const { t } = useTranslation();
  const { workbench, desk, canDraw } = useOpenSlide();
  const { phase } = useObservable(workbench.glimpse);
  return (
    <Button
      fullWidth
      variant="default"
      leftSection={<IconSparkles size={16} />}
      rightSection={<kbd className={styles.key}>G</kbd>}
      aria-keyshortcuts="G"
      loading={phase === "asking"}
      disabled={!canDraw || !desk.model}
      onClick={() => workbench.predictHere(desk.model?.name ?? null)}
    >
      {t("here.ask")}
    </Button>
  );
}

/** Over the slide: that the model is asked, what it is that one sees, or why there is nothing to see and what to do. */
export function PredictHereNote() {
  const { t } = useTranslation();
  const { workbench, desk, canManage, openScale } = useOpenSlide();
  const state = useObservable(workbench.glimpse);
  if (state.phase === "none") return null;
  const end = (
    <CloseButton
      size="sm"
      aria-label={t("here.close")}
      title={t("here.close")}
      onClick={() => workbench.endGlimpse()}
    />
  );
  if (state.phase === "failed") {
    const { failure } = state;
    return (
      <div className={styles.note} role="alert" data-failed>
        <IconAlertTriangle size={18} aria-hidden />
        <span>{describeFailure(failure)}</span>
        {failure.code === "REGION_TOO_LARGE" ? (
          <Button size="compact-sm" onClick={() => desk.start("view").then(() => workbench.endGlimpse())}>
            {t("ai.startView")}
          </Button>
        ) : failure.code === "NO_MPP" && canManage ? (
          <Button size="compact-sm" onClick={openScale}>
            {t("grid.setScale")}
          </Button>
        ) : (
          <Button size="compact-sm" variant="default" onClick={() => workbench.predictHere(desk.model?.name ?? null)}>
            {t("here.again")}
          </Button>
        )}
        {end}
      </div>
    );
  }
  return (
    <div className={styles.note} role="status">
      {state.phase === "asking" ? (
        <>
          <Loader size={16} aria-hidden />
          <span>{t("here.asking")}</span>
        </>
      ) : (
        <>
          <i className={styles.frame} aria-hidden />
          <span>{t("here.shown", { model: state.model })}</span>
        </>
      )}
      {end}
    </div>
  );
}
