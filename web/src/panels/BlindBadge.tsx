import { Tooltip } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { reviews } from "../pages/roles";
import styles from "./BlindBadge.module.css";
import { useOpenSlide } from "./slideContext";

/** Says on the slide of a blind project what one sees there and what not. */
export function BlindBadge() {
  const { t } = useTranslation();
  const { project } = useOpenSlide().slide;
  if (!project.blind) return null;
  const explained = reviews(project.myRole) ? t("viewer.blindAll") : t("viewer.blindOwn");
  return (
    <Tooltip label={explained} multiline maw={280}>
      <span className={styles.badge}>
        <IconEyeOff size={14} aria-hidden />
        <span>{t("viewer.blind")}</span>
        <span className="visually-hidden">{explained}</span>
      </span>
    </Tooltip>
  );
}
