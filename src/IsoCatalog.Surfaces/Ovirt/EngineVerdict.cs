using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>May images be offered through the engine, by what was last heard of it? Pure.</summary>
internal static class EngineVerdict
{
    /// <returns>Why nothing may be offered; null when it may.</returns>
    public static SurfaceOutcome.Refused? Of(EngineNews news, EngineTiming timing, DateTimeOffset now)
    {
        if (news.Look is not { } look || (news.LookFailure is not null && now - look.At > timing.Silence))
        {
            return news.LookFailure is { } silent
                ? new(silent.Code, silent.Reason, Retryable: true)
                : new(ReasonCode.SurfaceUnreachable, "The engine has not answered yet since the start.", Retryable: true);
        }

        if (news.LookFailure is { Code: ReasonCode.SurfaceMissing } gone)
        {
            return new(gone.Code, gone.Reason, Retryable: true);
        }

        if (!look.ActiveIds.Any())
        {
            return new(
                ReasonCode.DomainInactive,
                look.DataCenters.IsEmpty
                    ? $"The ISO domain {look.Name} is attached to no data center. Attach it to one and activate it."
                    : $"The ISO domain {look.Name} is not active in any data center ({look.Statuses}): no virtual machine can mount from it. Activate it.",
                Retryable: true);
        }

        return news.List is { } list && now - list.Began <= timing.Confirmed
            ? null
            : news.RefreshFailure is { } failure
                ? new(failure.Code, failure.Reason, Retryable: true)
                : new(ReasonCode.EngineNotListed, $"The engine has not listed the ISO domain {look.Name} yet since the start.", Retryable: true);
    }

    /// <summary>What is wrong already, though the images stay in the list for now.</summary>
    public static IEnumerable<SurfaceFinding> Warnings(EngineNews news)
    {
        if (news.LookFailure is { } look)
        {
            yield return new SurfaceFinding(null, look.Code, look.Reason, nameof(news.LookFailure));
        }

        if (news.RefreshFailure is { } refresh)
        {
            yield return new SurfaceFinding(null, refresh.Code, refresh.Reason, nameof(news.RefreshFailure));
        }

        foreach (var center in news.DataCenters.Where(d => !d.Ready))
        {
            yield return new SurfaceFinding(
                null,
                ReasonCode.DomainInactive,
                center.Status == EngineLook.Active
                    ? $"The ISO domain {news.Look!.Name} is active in the data center {center.Name}, but the engine has not listed it there yet."
                    : $"The ISO domain {news.Look!.Name} is {center.Status} in the data center {center.Name}: nothing is offered to its clusters. Activate it there, or detach it.");
        }
    }

    /// <summary>Names that the engine listed twice though the folder has no such file: its list is not this folder's.</summary>
    public static IEnumerable<string> TooMany(EngineNews news, IReadOnlySet<string> inFolder, TimeSpan apart) =>
        news is { List: { } list, ListBefore: { } before } && list.Began - before.Began >= apart
            ? list.Names.Where(name => before.Names.Contains(name) && !inFolder.Contains(name)).Order(StringComparer.Ordinal)
            : [];
}
