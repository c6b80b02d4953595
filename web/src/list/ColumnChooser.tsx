import { Dialog, Heading, Modal } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import type { GridColumn } from './columns';
import { COLUMN_WIDTH, type ColumnState } from './state';
import css from './Toolbar.module.css';

interface Props<Row> {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly columns: readonly GridColumn<Row>[];
  readonly state: ColumnState;
  readonly onToggle: (id: string) => void;
  readonly onWidth: (id: string, width: number) => void;
}

/** Which columns are shown, and how wide: the keyboard's way to what the mouse drags. */
export function ColumnChooser<Row>(props: Props<Row>) {
  const { isOpen, onClose, columns, state, onToggle, onWidth } = props;
  const t = useText();
  return (
    <Modal
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable
      className={css.modal ?? ''}
    >
      <Dialog className={css.dialog ?? ''}>
        <Heading slot="title">{t('list.columns')}</Heading>
        <table className={css.columns}>
          <thead>
            <tr>
              <th scope="col">{t('list.column')}</th>
              <th scope="col">{t('list.width')}</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.id}>
                <td>
                  <label>
                    <input
                      type="checkbox"
                      checked={!state.hidden.includes(column.id)}
                      disabled={column.isFixed}
                      onChange={() => onToggle(column.id)}
                    />
                    {t(column.label)}
                  </label>
                </td>
                <td>
                  <input
                    type="number"
                    className={css.field}
                    aria-label={t('list.widthOf', { column: t(column.label) })}
                    min={COLUMN_WIDTH.min}
                    max={COLUMN_WIDTH.max}
                    step={10}
                    value={state.widths[column.id] ?? column.width}
                    onChange={(event) =>
                      onWidth(column.id, event.target.valueAsNumber || column.width)
                    }
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <button type="button" className={css.button} onClick={onClose}>
          {t('list.close')}
        </button>
      </Dialog>
    </Modal>
  );
}
