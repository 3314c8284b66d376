import { Tooltip, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import { useObservable } from "../app/useObservable";
import type { PresentPerson } from "../model/presence";
import styles from "./People.module.css";
import { useOpenSlide } from "./slideContext";

const MOST = 4;

/** Who else is in the slide; pressing somebody follows them. */
export function People() {
  const { t } = useTranslation();
  const { session, workbench } = useOpenSlide();
  const people = onePerPerson(useObservable(session.people));
  const following = useObservable(workbench.following);
  if (people.length === 0) return null;
  return (
    <fieldset className={styles.people}>
      <legend className="visually-hidden">{t("viewer.here")}</legend>
      {people.slice(0, MOST).map(({ clientId, person }) => {
        const followed = clientId === following;
        const label = followed ? t("viewer.stopFollowing") : t("viewer.follow", { name: person.name });
        return (
          <Tooltip key={clientId} label={label}>
            <UnstyledButton
              className={styles.person}
              aria-label={t("viewer.follow", { name: person.name })}
              aria-pressed={followed}
              onClick={() => workbench.follow(followed ? null : clientId)}
            >
              <Avatar person={person} size={26} ring={followed} />
            </UnstyledButton>
          </Tooltip>
        );
      })}
      {people.length > MOST && (
        <Tooltip
          label={people
            .slice(MOST)
            .map(({ person }) => person.name)
            .join(", ")}
        >
          <span className={styles.rest}>
            +{people.length - MOST}
            <span className="visually-hidden">{t("viewer.moreHere", { count: people.length - MOST })}</span>
          </span>
        </Tooltip>
      )}
    </fieldset>
  );
}

/** Two tabs of one person are one avatar. */
function onePerPerson(people: readonly PresentPerson[]): readonly PresentPerson[] {
  const seen = new Map(people.map((present) => [present.person.id, present]));
  return [...seen.values()];
}
