import { IconColumns2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { slidePath } from "../app/paths";
import { SlideStripDocument } from "../gql/graphql";
import { Section } from "./Section";
import styles from "./StripPanel.module.css";
import { useOpenSlide } from "./slideContext";

/** The project's slides, to go from one to the next without leaving the table. */
export function StripPanel() {
  const { t } = useTranslation();
  const { slide, beside } = useOpenSlide();
  const [{ data }] = useQuery({ query: SlideStripDocument, variables: { projectId: slide.project.id } });
  return (
    <Section title={t("panel.slides")}>
      <ul className={styles.strip}>
        {data?.slides.nodes.map((each) => (
          <li key={each.id} className={styles.entry}>
            <Link
              href={slidePath(each.id)}
              className={styles.item}
              aria-current={each.id === slide.id ? "page" : undefined}
            >
              <img src={each.thumbnailUrl} alt="" loading="lazy" />
              <strong>{each.name}</strong>
              <span>{t("projects.annotations", { count: each.annotationCount })}</span>
            </Link>
            {each.id !== slide.id && (
              <button
                type="button"
                className={styles.beside}
                aria-label={t("beside.openOne", { name: each.name })}
                title={t("beside.openShort")}
                aria-pressed={each.id === beside.slideId}
                onClick={() => beside.open(each.id)}
              >
                <IconColumns2 size={16} />
              </button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
