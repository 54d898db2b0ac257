namespace IsoCatalog.Client;

/// <summary>Reads a list page by page, and ends whatever the site says.</summary>
internal static class WholeImageList
{
    /// <summary>A few MB, so that no page is near the limits of an answer, in bytes or time.</summary>
    private const int PerPage = 1000;

    /// <summary>Far above what a fleet has.</summary>
    private const int MostImages = 500_000;

    /// <exception cref="ApplianceException">Also where the pages do not end.</exception>
    public static async Task<ImageList> ReadAsync(IApplianceClient client, CancellationToken cancellationToken)
    {
        var (images, next) = await client.GetImagePageAsync(PerPage, null, cancellationToken);
        if (next is null)
        {
            return new ImageList(images);
        }

        // One that was put anew under another name meanwhile may come twice.
        var all = images.ToList();
        var known = all.Select(i => i.Id).ToHashSet();
        while (next is not null)
        {
            var (page, following) = await client.GetImagePageAsync(PerPage, next, cancellationToken);
            all.AddRange(page.Where(i => known.Add(i.Id)));
            if (all.Count > MostImages || (following is not null && (page.Count == 0 || following == next)))
            {
                throw new ApplianceException(new Problem(
                    Problem.TypePrefix + ClientProblemCode.AnswerTooLong, "Answer too long", 200, "The site's list of images does not end. Is that an IsoCatalog site?"));
            }

            next = following;
        }

        return new ImageList(all);
    }
}
