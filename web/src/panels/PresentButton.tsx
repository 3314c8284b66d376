import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPresentation } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { useOpenSlide } from "./slideContext";

/** Asks everyone on the slide to follow; one person presents at a time. */
export function PresentButton() {
  const { t } = useTranslation();
  const { living, mayPresent } = useOpenSlide();
  const presenting = useObservable(living.presenting);
  const other = useObservable(living.people).find((present) => present.presenting);
  useEffect(() => {
    if (!mayPresent && presenting) living.present(false);
  }, [living, mayPresent, presenting]);
  if (!mayPresent) return null;
  const label = other
    ? t("viewer.presents", { name: other.person.name })
    : presenting
      ? t("viewer.stopPresenting")
      : t("viewer.presentText");
  return (
    <Tooltip label={label}>
      <ActionIcon
        size={36}
        variant={presenting ? "filled" : "default"}
        aria-label={t("viewer.present")}
        aria-pressed={presenting}
        aria-disabled={other !== undefined || undefined}
        data-disabled={other !== undefined || undefined}
        onClick={() => living.present(!presenting)}
      >
        <IconPresentation size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
