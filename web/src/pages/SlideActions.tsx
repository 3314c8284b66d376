import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDotsVertical,
  IconDownload,
  IconPencil,
  IconRulerMeasure,
  IconShieldLock,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/requests";
import { showToast } from "../app/toasts";
import { DeleteSlideDocument, RestoreSlideDocument, type SlideCardFragment } from "../gql/graphql";
import { DescribeSlide } from "./DescribeSlide";
import { PrivacyDialog } from "./PrivacyDialog";
import { ScaleDialog } from "./ScaleDialog";

type Dialog = "describe" | "scale" | "privacy";

interface Props {
  readonly slide: SlideCardFragment;
  readonly canManage: boolean;
  readonly onChanged: () => void;
}

/** What may be done to a slide outside the bin, as a menu with its dialogs; nothing where nothing may. */
export function SlideActions({ slide, canManage, onChanged }: Props) {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  if (!canManage && !slide.canDownload) return null;
  const close = () => setDialog(null);
  const done = () => {
    close();
    onChanged();
  };
  return (
    <>
      <SlideMenu slide={slide} canManage={canManage} onChoose={setDialog} onChanged={onChanged} />
      {dialog === "describe" && <DescribeSlide slide={slide} onClose={close} onDone={done} />}
      {dialog === "privacy" && <PrivacyDialog slide={slide} onClose={close} onDone={done} />}
      {dialog === "scale" && <ScaleDialog slide={slide} onClose={close} onDone={done} />}
    </>
  );
}

interface MenuProps extends Props {
  readonly onChoose: (dialog: Dialog) => void;
}

function SlideMenu({ slide, canManage, onChoose, onChanged }: MenuProps) {
  const { t } = useTranslation();
  const removal = useAction(DeleteSlideDocument);
  const restore = useRestore(slide, onChanged);
  const remove = async () => {
    const gone = await removal.run({ id: slide.id });
    if (!gone) return;
    showToast(t("grid.deleted", { name: slide.name }), { action: { label: t("grid.undo"), run: restore } });
    onChanged();
  };
  return (
    <Menu width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("grid.menu", { name: slide.name })}>
          <IconDotsVertical size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canManage && (
          <>
            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onChoose("describe")}>
              {t("grid.edit")}
            </Menu.Item>
            <Menu.Item leftSection={<IconRulerMeasure size={16} />} onClick={() => onChoose("scale")}>
              {t("grid.setScale")}
            </Menu.Item>
            <Menu.Item leftSection={<IconShieldLock size={16} />} onClick={() => onChoose("privacy")}>
              {t("grid.privacy")}
            </Menu.Item>
          </>
        )}
        {slide.canDownload && (
          <Menu.Item component="a" href={slide.fileUrl} download leftSection={<IconDownload size={16} />}>
            {t("grid.download")}
          </Menu.Item>
        )}
        {canManage && (
          <>
            <Menu.Divider />
            <Menu.Item color="var(--danger)" leftSection={<IconTrash size={16} />} onClick={remove}>
              {t("grid.delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Takes a slide out of the bin. */
export function useRestore(slide: SlideCardFragment, onChanged: () => void): () => Promise<void> {
  const { t } = useTranslation();
  const { run } = useAction(RestoreSlideDocument);
  return async () => {
    if (!(await run({ id: slide.id }))) return;
    showToast(t("grid.restored", { name: slide.name }));
    onChanged();
  };
}
