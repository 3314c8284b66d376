import { Button } from "@mantine/core";
import { IconShare2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { slidePath } from "../app/paths";
import { showFailure, showToast } from "../app/toasts";
import { useOpenSlide } from "./slideContext";
import { searchOfView } from "./view";

/** Copies a link that reopens exactly this view, with the slide beside it. */
export function ShareButton() {
  const { t } = useTranslation();
  const { slide, workbench, beside } = useOpenSlide();
  const share = async () => {
    const second = beside.shown.getSnapshot();
    const other = beside.slideId &&
      second && { slideId: beside.slideId, linked: second.linked.getSnapshot(), view: second.viewport.getSnapshot() };
    const address = slidePath(slide.id) + searchOfView(workbench.viewport.getSnapshot(), other || null);
    window.history.replaceState(null, "", address);
    await navigator.clipboard.writeText(window.location.origin + address);
    showToast(t("viewer.shareCopied"));
  };
  return (
    <Button
      data-tour="share"
      variant="default"
      px={12}
      leftSection={<IconShare2 size={16} />}
      onClick={() => share().catch(showFailure)}
    >
      {t("viewer.share")}
    </Button>
  );
}
