import { Button } from "@mantine/core";
import { IconPresentation } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import styles from "./PresentationBanner.module.css";
import { useOpenSlide } from "./slideContext";

/** Says who presents, and lets one join in or look around oneself. */
export function PresentationBanner() {
  const { t } = useTranslation();
  const { living, workbench } = useOpenSlide();
  const mine = useObservable(living.presenting);
  const presenter = useObservable(living.people).find((present) => present.presenting);
  const following = useObservable(workbench.following);
  if (mine) {
    return (
      <div className={styles.banner} role="status">
        <IconPresentation size={17} aria-hidden />
        <span>{t("viewer.presenting")}</span>
        <Button size="compact-sm" onClick={() => living.present(false)}>
          {t("viewer.stopPresenting")}
        </Button>
      </div>
    );
  }
  if (!presenter) return null;
  const along = following === presenter.clientId;
  return (
    <div className={styles.banner} role="status" style={{ borderColor: presenter.person.color }}>
      <IconPresentation size={17} aria-hidden />
      <span>{t(along ? "viewer.followingPresenter" : "viewer.presents", { name: presenter.person.name })}</span>
      <Button
        size="compact-sm"
        variant={along ? "default" : "filled"}
        onClick={() => workbench.follow(along ? null : presenter.clientId)}
      >
        {t(along ? "viewer.lookAround" : "viewer.followPresenter")}
      </Button>
    </div>
  );
}
