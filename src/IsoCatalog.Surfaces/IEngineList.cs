namespace IsoCatalog.Surfaces;

/// <summary>A surface whose images are found in the list of an engine, which has to be made to look anew.</summary>
public interface IEngineList : ISurface
{
    /// <summary>Since the start, and as of now.</summary>
    EngineFigures Figures { get; }

    /// <summary>Has the engine list the place now, for whoever changed something there and wants it seen.</summary>
    /// <returns>The names that the engine lists, or why there is no new list.</returns>
    Task<(SurfaceOutcome Outcome, IReadOnlyList<string> Listed)> RefreshAsync(CancellationToken cancellationToken);
}

/// <param name="Refreshes">Forced refreshes that were begun.</param>
/// <param name="Failures">Those of them that brought no list.</param>
/// <param name="IsUp">The engine answered the last question.</param>
/// <param name="Drift">Files that the engine lists and that are not there, or the other way round.</param>
public readonly record struct EngineFigures(long Refreshes, long Failures, bool IsUp, int Drift);
