using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Shows at most 100 steps of a cell's progress, so that a large copy does not become a flood of changes.</summary>
internal sealed class CellProgress(CellBook cells, CellKey key, long total) : IProgress<long>
{
    private int _shown;

    public void Report(long value)
    {
        var percent = total == 0 ? 100 : (int)(value * 100 / total);
        if (percent > _shown)
        {
            _shown = percent;
            cells.ChangeCell(key, view => CellOutcome.Progressed(view.Cells.GetValueOrDefault(key), percent / 100.0));
        }
    }
}
