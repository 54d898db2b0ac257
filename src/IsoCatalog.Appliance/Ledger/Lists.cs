using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What a change does to the lists of the surfaces. Pure.</summary>
/// <param name="View">With the time at which each list changed.</param>
/// <param name="Changed">The surfaces whose list says something else.</param>
/// <param name="News">What came into a list or left one.</param>
internal sealed record Lists(SiteView View, IReadOnlyList<SurfaceStatus> Changed, IReadOnlyList<ListNews> News)
{
    /// <param name="touched">The images to look at.</param>
    /// <param name="described">They are described anew, which is a change of each list that they are in.</param>
    public static Lists After(SiteView before, SiteView after, IReadOnlyCollection<ImageId> touched, bool described, DateTimeOffset now)
    {
        var (answers, news) = (new List<SurfaceStatus>(), new List<ListNews>());
        for (var i = 0; i < after.Surfaces.Length; i++)
        {
            var (earlier, later) = (before.Surfaces[i], after.Surfaces[i]);
            var changed = false;
            foreach (var image in touched)
            {
                var (was, isNow) = (before.IsAvailable(image, earlier), after.IsAvailable(image, later));
                after = after.WithMissed(image, later, was, now);
                changed |= was != isNow || (described && isNow);
                if (was != isNow)
                {
                    var cell = after.CellOf(image, later.Name);
                    news.Add(new ListNews(image, later.Name, isNow, later.Problem ?? cell?.Reason, later.ProblemCode ?? cell?.Code));
                }
            }

            if (changed)
            {
                answers.Add(later with { AnswerChanged = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()) });
                after = after with { Surfaces = after.Surfaces.SetItem(i, answers[^1]) };
            }
        }

        return new Lists(after, answers, news);
    }

    public void Tell(EventLog events)
    {
        foreach (var (image, surface, available, reason, code) in News)
        {
            var name = View.NameOf(image);
            events.Add(
                "surface",
                available ? $"{name} is available on {surface}" : $"{name} is not available on {surface} any more: {reason}",
                image,
                surface,
                available ? null : code);
        }
    }
}

internal sealed record ListNews(ImageId Image, string Surface, bool Available, string? Reason, string? Code);
