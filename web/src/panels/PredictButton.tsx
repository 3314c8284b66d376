import { Button, Tooltip } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { formatPercent } from "../i18n/format";
import { isRunning } from "./predictionDesk";
import { useOpenSlide } from "./slideContext";

/** Starts the prediction of this slide; while one runs, it tells how far. */
export function PredictButton({ onPressed }: { readonly onPressed: () => void }) {
  const { t } = useTranslation();
  const { desk, canDraw } = useOpenSlide();
  const running = desk.predictions.find(isRunning);
  const press = () => {
    onPressed();
    if (running) desk.show(running.id);
    else if (canDraw) void desk.start("slide");
  };
  const button = (
    <Button
      data-tour="predict"
      px={14}
      leftSection={<IconSparkles size={16} />}
      loading={desk.busy}
      disabled={!canDraw && !running}
      onClick={press}
    >
      {running?.total ? formatPercent(running.done / running.total) : t("viewer.predict")}
    </Button>
  );
  return canDraw ? button : <Tooltip label={t("ai.mayNot")}>{button}</Tooltip>;
}
