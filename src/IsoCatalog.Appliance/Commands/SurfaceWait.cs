using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Where an image stood when nobody waited for it any longer.</summary>
/// <param name="Advertised">On every surface of the site. Null when nobody waited.</param>
internal sealed record Reached(ImageView Image, bool? Advertised, TimeSpan Waited, IReadOnlyDictionary<string, CellView>? Cells);

/// <summary>The wait for the surfaces of the site, for one image after the other.</summary>
/// <param name="isOver">Whether there is no more time.</param>
internal sealed class SurfaceWait(Session session, string site, SitePatience patience, Func<bool> isOver, Steps steps)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>As the image was last seen, should the wait be broken off.</summary>
    public Reached Last { get; private set; } = null!;

    /// <exception cref="VerbException">The image left the catalog meanwhile.</exception>
    public async Task<Reached> RunAsync(ReadFile file, CancellationToken cancellationToken)
    {
        var image = file.Image;
        while (true)
        {
            Last = At(file, image);
            if (image.Deleted || image.Blocked is not null)
            {
                throw new VerbException(
                    ExitCode.Conflict,
                    "removed-meanwhile",
                    $"{image.Name} was added, and left the catalog again before every surface advertised it{By(image.Removed)}. `isocatalog show {image.Id}` says more.",
                    status: 409);
            }

            if (Last.Advertised is true)
            {
                return Last;
            }

            var waiting = Last.Cells!.Where(c => c.Value.State != CellState.Advertised).Select(c => c.Key);
            steps.Show($"{image.Name}: waiting for ", Last.Cells!.Sum(c => Done(c.Value)), Last.Cells!.Count, string.Join(", ", waiting), inBytes: false);
            if (isOver())
            {
                return Last;
            }

            await Task.Delay(LookAgain, session.Time, cancellationToken);
            try
            {
                image = await patience.AskAsync(() => session.Site.GetImageAsync(file.Image.Id.ToString(), cancellationToken), cancellationToken);
            }
            catch (Exception away) when (away is ApplianceUnreachableException or ApplianceException { Status: >= 500 })
            {
                session.Screen.ToError("error: " + away.Message);
                return Last;
            }
        }
    }

    /// <summary>Several images wait for one asker, so the site's own times say when it was, where they say it earlier.</summary>
    private Reached At(ReadFile file, ImageView image)
    {
        var cells = image.Ready.GetValueOrDefault(site) ?? Last?.Cells ?? new Dictionary<string, CellView>();
        var waited = session.Time.GetElapsedTime(file.Added);
        if (!cells.Values.All(c => c.State == CellState.Advertised))
        {
            return new Reached(image, false, waited, cells);
        }

        var seen = cells.Values.Select(c => c.Since - image.AddedAt).Max();
        return new Reached(image, true, seen < waited ? TimeSpan.FromTicks(Math.Max(0, seen.Value.Ticks)) : waited, cells);
    }

    private static string By(ChangeView? removed) => removed is null ? "" : $": {removed.By} removed it at {removed.Site}";

    private static double Done(CellView cell) => cell.State switch
    {
        CellState.Advertised => 1,
        CellState.Verifying => Math.Clamp(cell.Progress ?? 0, 0, 0.99),
        _ => 0,
    };
}
