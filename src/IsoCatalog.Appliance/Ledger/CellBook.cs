using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>The ready matrix: what each surface shows. Thread-safe.</summary>
internal sealed class CellBook(SiteLedger ledger, EventLog events, ILogger<CellBook> log)
{
    /// <summary>Records a step of a cell. For an advertised cell use <see cref="TryAdvertise"/>.</summary>
    /// <param name="key">Which cell.</param>
    /// <param name="change">Pure: the cell that follows from the newest view; the same object for no change, null to forget it.</param>
    /// <returns>False when nothing changed.</returns>
    public bool ChangeCell(CellKey key, Func<SiteView, Cell?> change)
    {
        using var turn = ledger.Take();
        var cell = change(turn.View);
        if (cell == turn.View.Cells.GetValueOrDefault(key))
        {
            return false;
        }

        var cells = cell is null ? turn.View.Cells.Remove(key) : turn.View.Cells.SetItem(key, cell);
        turn.Make(new Change(turn.View with { Cells = cells }) { Touched = [key.Image] });
        return true;
    }

    /// <summary>Puts a published image into the list, if it is still wanted, still staged, and its bytes are in no doubt.</summary>
    /// <returns>Whether it is in the list now; refused when that could not be recorded.</returns>
    public Outcome<bool> TryAdvertise(CellKey key, Evidence evidence, string fileName, bool together)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (!view.IsWanted(key.Image) || view.Catalog.Images[key.Image].FileName != fileName
            || view.FileOf(key.Image) is not StoreFile.Present { Receipt: var stored }
            || view.Cells.GetValueOrDefault(key) is not { State: CellState.Staged }
            || !CellPlan.MayShow(view, key.Image, together, turn.Now))
        {
            return false;
        }

        // Of the store's own inode another surface may have made a name meanwhile: the ctime that counts is the store's.
        var cell = new Cell(
            CellState.Advertised,
            turn.Now,
            Evidence: evidence.FileReceipt is { } file && FileIdentity.SameContent(file, stored) ? stored : evidence,
            FileName: fileName);
        var next = view with { Cells = view.Cells.SetItem(key, cell), Offered = view.Offered.Add(key.Image), ReadTimes = view.ReadTimes.With(key, turn.Now) };
        var change = new Change(next)
        {
            Touched = [key.Image],
            After = [new Row.PublishedRead(key, turn.Now)],

            // What is in a list is in it after a restart too.
            First = [new Row.AtSurface(key, cell), new Row.Offered(key.Image, true)],
        };
        return turn.Make(change) is { } failed ? failed : true;
    }

    /// <summary>What is published was read again and is right.</summary>
    /// <param name="seen">The cell as it was when it was read; if it is another one by now, what was read is no news about it.</param>
    public void Read(CellKey key, Cell seen, Evidence now)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (view.Cells.GetValueOrDefault(key) == seen)
        {
            var next = view with { Cells = view.Cells.SetItem(key, seen with { Evidence = now }), ReadTimes = view.ReadTimes.With(key, turn.Now) };
            turn.Make(new Change(next) { Touched = [key.Image], After = [new Row.PublishedRead(key, turn.Now)] });
        }
    }

    /// <summary>The same published image, as its surface finds it now, after a restart.</summary>
    /// <param name="seen">The cell as it was when the surface looked; if it is another one by now, what was found is no news about it.</param>
    public void Recognise(CellKey key, Cell seen, Evidence evidence) => ChangeCell(
        key, view => view.Cells.GetValueOrDefault(key) is { State: CellState.Advertised } cell && cell == seen ? cell with { Evidence = evidence } : view.Cells.GetValueOrDefault(key));

    /// <summary>Takes an image out of the list of one surface at once, because something made its bytes there doubtful.</summary>
    /// <param name="seen">The cell as it was when the oddity was looked at; if it is another one by now, what was seen is no news about it.</param>
    public void Doubt(CellKey key, Cell seen, string code, string reason)
    {
        using var turn = ledger.Take();
        if (turn.View.Cells.GetValueOrDefault(key) is not { State: CellState.Advertised } cell || cell != seen)
        {
            return;
        }

        var withdrawn = cell with { State = CellState.Withdrawn, Since = turn.Now, Code = code, Reason = reason };
        turn.Make(new Change(turn.View with { Cells = turn.View.Cells.SetItem(key, withdrawn) }) { Touched = [key.Image] });
        events.Add("drift", reason, key.Image, key.Surface, code);
        Log.Doubted(log, key.Image, key.Surface, code, reason);
    }

    /// <summary>Says what is wrong with a surface as a whole; null when it works again. While it is wrong nothing is offered there.</summary>
    /// <param name="surface">By name.</param>
    /// <param name="code">One of <see cref="ReasonCode"/>.</param>
    /// <param name="problem">For people.</param>
    /// <param name="dataCenters">The parts that can be ready by themselves.</param>
    public void SetSurface(string surface, string? code, string? problem, IReadOnlyList<DataCenter> dataCenters)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        var status = view.Surfaces.First(s => s.Name == surface);
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
            ProblemSince = problem is null ? null : status.ProblemSince ?? turn.Now,
        };
        turn.Make(new Change(view with { Surfaces = view.Surfaces.Replace(status, changed) }) { Touched = [.. view.Catalog.Images.Keys] });
        if (problem is null && status.Problem is not null)
        {
            events.Add("surface", $"{surface} works again", surface: surface);
        }
        else if (problem is not null && problem != status.Problem)
        {
            events.Add("drift", problem, surface: surface, code: code);
            Log.SurfaceUnusable(log, surface, problem);
        }
    }
}
