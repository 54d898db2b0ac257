using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Recalls: bytes that no site may offer.</summary>
internal static class BlockEndpoints
{
    private const int LongestWhy = 500;

    public static void Map(RouteGroupBuilder api)
    {
        var blocks = api.MapGroup("").WithTags("images").RequireRole(Role.Operator).Signs();
        blocks.MapPut("/images/{id}/block", Block).WithSummary("Recall an image")
            .WithDescription(
                "At once it is in no list of this site, and of each other site as soon as that hears of it; no site takes its bytes any more. An id may be given of an "
                + "image that is not in the catalog. Leases run to their end and are not renewed; with endLeases those of this site end now.")
            .Produces<BlockView>().Refuses(400, 404, 409, 503);
        blocks.MapDelete("/images/{id}/block", Unblock).WithSummary("Take a recall back").Produces(204).Refuses(404, 409, 503);
        blocks.MapGet("/blocks", (SiteLedger ledger) =>
            {
                var view = ledger.View;
                return TypedResults.Json(
                    new BlockList([.. view.Catalog.Blocks.OrderByDescending(b => b.Stamp).Select(b => ImageViews.Of(view, b))]), ApiJson.Readable.BlockList);
            })
            .WithSummary("All recalls that stand, the newest first").Produces<BlockList>();
    }

    private static IResult Block(string id, BlockRequest request, HttpContext http, SiteLedger ledger, CatalogBook book, Leases leases)
    {
        if (request.Why is { } why && (why.Length > LongestWhy || why.Any(char.IsControl)))
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"why may have {LongestWhy} characters, without control characters."));
        }

        var catalog = ledger.View.Catalog;
        if (Meant(catalog, id) is not { } image)
        {
            return SiteApi.Refused(catalog.Aliases.ContainsKey(id) ? CatalogRules.NotItself(catalog, id) : new Refusal(
                RefusalCode.NotFound, $"There is no image '{id}' in the catalog. One that is not here is recalled by its whole id: sha256: and 64 hexadecimal digits."));
        }

        return SiteApi.Answer(book.Block(image, http.Caller().Name, request.Why), block =>
        {
            if (request.EndLeases)
            {
                leases.EndAll(image, "the image is recalled");
            }

            return TypedResults.Json(ImageViews.Of(ledger.View, block), ApiJson.Readable.BlockView);
        });
    }

    private static IResult Unblock(string id, HttpContext http, SiteLedger ledger, CatalogBook book) => Meant(ledger.View.Catalog, id) is not { } image
        ? SiteApi.Refused(new Refusal(RefusalCode.NotFound, $"There is no recalled image '{id}'. 'isocatalog ls --all' lists what is."))
        : SiteApi.Answer(book.Unblock(image, http.Caller().Name), _ => TypedResults.NoContent());

    /// <summary>A recalled image has no name in the lists any more: then the newest recall of one that asked for it is meant.</summary>
    private static ImageId? Meant(CatalogView catalog, string id) =>
        ImageId.TryParse(id, out var hash) ? hash
        : catalog.FindItself(id) is { } image ? image.Id
        : catalog.Blocks.Where(b => ImageFileName.Comparer.Equals(catalog.Images.GetValueOrDefault(b.Image)?.FileName, id)).MaxBy(b => b.Stamp)?.Image;
}
