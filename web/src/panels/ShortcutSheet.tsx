import { Button, Modal } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { COMMAND_KEYS, type KeyCommand, TOOL_KEYS } from "../tools";
import type { ToolName } from "../viewer/facade";
import styles from "./ShortcutSheet.module.css";

type Line = readonly [what: string, ...keys: string[]];

/** Every key of the viewer on one sheet. */
export function ShortcutSheet({ onClose, onTour }: { readonly onClose: () => void; readonly onTour: () => void }) {
  const { t } = useTranslation();
  const tools = (Object.entries(TOOL_KEYS) as [ToolName, string][]).map(
    ([tool, key]): Line => [t(`tool.${tool}`), key],
  );
  const commands = (Object.entries(COMMAND_KEYS) as [KeyCommand, string][]).map(
    ([name, keys]): Line => [t(`command.${name}`), ...keys.split(" ")],
  );
  const groups: readonly (readonly [title: string, lines: readonly Line[]])[] = [
    [t("keys.tools"), [...tools, [t("keys.terms"), "1", "–", "9"]]],
    [
      t("keys.drawing"),
      [
        [t("keys.finish"), "Enter", t("keys.doubleClick")],
        [t("keys.brushSize"), "[", "]"],
        [t("keys.wandMore"), t("keys.drag")],
        [t("keys.noSnap"), "Ctrl"],
        [t("keys.evenly"), "Shift", "Alt"],
        [t("keys.uncount"), "Alt", t("keys.click")],
        [t("keys.removePoint"), "⌫"],
        [t("keys.abandon"), "Esc"],
        [t("keys.deleteSelection"), "Del"],
        [t("keys.acceptOutline"), "Enter"],
        [t("keys.rejectOutline"), "X"],
        [t("tool.undo"), "Ctrl", "Z"],
        [t("tool.redo"), "Ctrl", "Y"],
      ],
    ],
    [t("keys.selection"), [...commands, [t("keys.nudge"), "Shift", "←", "↑", "↓", "→"]]],
    [
      t("keys.view"),
      [
        [t("keys.zoom"), "+", "−"],
        [t("keys.fit"), "0"],
        [t("keys.pan"), "←", "↑", "↓", "→"],
        [t("keys.holdPan"), t("keys.space")],
        [t("keys.hideAll"), "`"],
        [t("here.ask"), "G"],
        [t("keys.comment"), "C"],
        [t("keys.panels"), "[", "]"],
        [t("keys.sheet"), "?"],
      ],
    ],
  ];
  return (
    <Modal
      opened
      onClose={onClose}
      size={1040}
      title={t("keys.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={styles.sheet}>
        {groups.map(([title, lines]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {lines.map(([what, ...keys]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Button variant="default" mt="md" leftSection={<IconRoute size={16} />} onClick={onTour}>
        {t("tour.again")}
      </Button>
    </Modal>
  );
}
