using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Ledger;

/// <content>The ready matrix: what each surface shows.</content>
internal sealed partial class SiteLedger
{
    /// <summary>Records a step of a cell. For an advertised cell use <see cref="TryAdvertise"/>.</summary>
    /// <param name="key">Which cell.</param>
    /// <param name="change">Pure: the cell that follows from the newest view; the same object for no change, null to forget it.</param>
    /// <param name="save">Whether it outlives a restart.</param>
    /// <returns>False when nothing changed.</returns>
    public bool ChangeCell(CellKey key, Func<SiteView, Cell?> change, bool save = true)
    {
        lock (_gate)
        {
            var view = _view;
            var cell = change(view);
            if (cell == view.Cells.GetValueOrDefault(key))
            {
                return false;
            }

            var next = view with { Cells = cell is null ? view.Cells.Remove(key) : view.Cells.SetItem(key, cell) };
            Withdraw_NeedsLock(next, [key.Image], save ? () => _database.SaveCell(key, cell) : null);
            return true;
        }
    }

    /// <summary>Puts a published image into the list, if it is still wanted, still staged, and its bytes are in no doubt.</summary>
    public bool TryAdvertise(CellKey key, Receipt receipt, string fileName, bool together)
    {
        lock (_gate)
        {
            var view = _view;
            if (!view.IsWanted(key.Image) || view.Catalog.Images[key.Image].FileName != fileName
                || view.Store.GetValueOrDefault(key.Image) is not StoreFile.Present { Receipt: var stored }
                || view.Cells.GetValueOrDefault(key) is not { State: CellState.Staged }
                || !CellPlan.MayShow(view, key.Image, together, _time.GetUtcNow()))
            {
                return false;
            }

            // Of the store's own inode another surface may have made a name meanwhile: the ctime that counts is the store's.
            var cell = new Cell(
                CellState.Advertised,
                _time.GetUtcNow(),
                Receipt: FileIdentity.SameContent(receipt, stored) ? stored : receipt,
                FileName: fileName);
            var next = view with { Cells = view.Cells.SetItem(key, cell), Offered = view.Offered.Add(key.Image) };
            Accept_NeedsLock(next, [key.Image], () => _database.InTransaction(() =>
            {
                _database.SaveCell(key, cell);
                _database.SaveOffered(key.Image, true);
            }));
            return true;
        }
    }

    /// <summary>After a restart: the same published file, as stat shows it now.</summary>
    public void Recognise(CellKey key, Receipt receipt) => ChangeCell(
        key, view => view.Cells.GetValueOrDefault(key) is { State: CellState.Advertised } cell ? cell with { Receipt = receipt } : view.Cells.GetValueOrDefault(key));

    /// <summary>Takes an image out of the list of one surface at once, because something made its bytes there doubtful.</summary>
    /// <param name="seen">The cell as it was when the oddity was looked at; if it is another one by now, what was seen is no news about it.</param>
    public void Doubt(CellKey key, Cell seen, string code, string reason)
    {
        lock (_gate)
        {
            var view = _view;
            if (view.Cells.GetValueOrDefault(key) is not { State: CellState.Advertised } cell || cell != seen)
            {
                return;
            }

            var withdrawn = cell with { State = CellState.Withdrawn, Since = _time.GetUtcNow(), Code = code, Reason = reason };
            var next = view with { Cells = view.Cells.SetItem(key, withdrawn) };
            Withdraw_NeedsLock(next, [key.Image], () => _database.SaveCell(key, withdrawn));
            _events.Add("drift", reason, key.Image, key.Surface, code);
            Log.Doubted(_log, key.Image, key.Surface, code, reason);
        }
    }

    /// <summary>Says what is wrong with a surface as a whole; null when it works again. While it is wrong nothing is offered there.</summary>
    /// <param name="surface">By name.</param>
    /// <param name="code">One of <see cref="ReasonCode"/>.</param>
    /// <param name="problem">For people.</param>
    /// <param name="dataCenters">The parts that can be ready by themselves.</param>
    public void SetSurface(string surface, string? code, string? problem, IReadOnlyList<DataCenter> dataCenters)
    {
        lock (_gate)
        {
            var view = _view;
            var index = IndexOf(view, surface);
            var status = view.Surfaces[index];
            var sameParts = status.DataCenters.Length == dataCenters.Count && status.DataCenters.Zip(dataCenters).All(d => d.First.Is(d.Second));
            if (status.ProblemCode == code && status.Problem == problem && sameParts)
            {
                return;
            }

            var changed = status with
            {
                DataCenters = sameParts ? status.DataCenters : [.. dataCenters],
                ProblemCode = code,
                Problem = problem,
                ProblemSince = problem is null ? null : status.ProblemSince ?? _time.GetUtcNow(),
            };
            var next = view with { Surfaces = view.Surfaces.SetItem(index, changed) };
            Withdraw_NeedsLock(next, [.. view.Catalog.Images.Keys], null);
            if (problem is null && status.Problem is not null)
            {
                _events.Add("surface", $"{surface} works again", surface: surface);
            }
            else if (problem is not null && problem != status.Problem)
            {
                _events.Add("drift", problem, surface: surface, code: code);
                Log.SurfaceUnusable(_log, surface, problem);
            }
        }
    }

    private static int IndexOf(SiteView view, string surface)
    {
        for (var i = 0; i < view.Surfaces.Length; i++)
        {
            if (view.Surfaces[i].Name == surface)
            {
                return i;
            }
        }

        throw new ArgumentException($"There is no surface '{surface}'.", nameof(surface));
    }
}
