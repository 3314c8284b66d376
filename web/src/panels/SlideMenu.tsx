import { ActionIcon, Menu } from "@mantine/core";
import {
  IconCamera,
  IconColumns2,
  IconDotsVertical,
  IconDownload,
  IconFileExport,
  IconFileImport,
  IconKeyboard,
} from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { describeFailure, failureOf } from "../app/failure";
import { showToast } from "../app/toasts";
import { EXPORT_FORMATS, exportUrl, importAnnotations } from "./exchange";
import { useOpenSlide } from "./slideContext";

/** Exports, import, a picture of the view. */
export function SlideMenu({ onShortcuts }: { readonly onShortcuts: () => void }) {
  const { t } = useTranslation();
  const { slide, workbench, canDraw, beside } = useOpenSlide();
  const input = useRef<HTMLInputElement>(null);

  const takePicture = async () => {
    try {
      save(await workbench.snapshot(), `${slide.name}.png`);
    } catch {
      showToast(t("viewer.snapshotFailed"), { tone: "warning" });
    }
  };
  const bringIn = async (file: File) => {
    try {
      const { imported, repairs } = await importAnnotations(slide.id, file);
      const mended = repairs > 0 ? ` · ${t("viewer.repaired", { count: repairs })}` : "";
      showToast(t("viewer.imported", { count: imported }) + mended);
    } catch (error) {
      showToast(`${file.name}: ${describeFailure(failureOf(error))}`, { tone: "warning" });
    }
  };
  return (
    <>
      <Menu width={250}>
        <Menu.Target>
          <ActionIcon variant="default" size={34} aria-label={t("viewer.menu")}>
            <IconDotsVertical size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("export.title")}</Menu.Label>
          {EXPORT_FORMATS.map((format) => (
            <Menu.Item
              key={format}
              component="a"
              href={exportUrl(slide.id, format)}
              download
              leftSection={<IconFileExport size={16} />}
            >
              {t(`export.${format}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          {canDraw && (
            <Menu.Item leftSection={<IconFileImport size={16} />} onClick={() => input.current?.click()}>
              {t("viewer.import")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconColumns2 size={16} />} onClick={() => beside.open("")}>
            {t("beside.open")}
          </Menu.Item>
          <Menu.Item leftSection={<IconCamera size={16} />} onClick={takePicture}>
            {t("viewer.snapshot")}
          </Menu.Item>
          {slide.canDownload && (
            <Menu.Item component="a" href={slide.fileUrl} download leftSection={<IconDownload size={16} />}>
              {t("grid.download")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShortcuts}>
            {t("viewer.shortcuts")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={input}
        type="file"
        accept=".json,.geojson,.xml"
        hidden
        aria-label={t("viewer.import")}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = "";
          if (file) void bringIn(file);
        }}
      />
    </>
  );
}

function save(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  URL.revokeObjectURL(url);
}
