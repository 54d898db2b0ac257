using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Api;

/// <summary><c>POST /api/v1/restore</c>: takes back what one site signed.</summary>
internal static class TakeBackEndpoint
{
    public static void Map(RouteGroupBuilder api) => api.MapGroup("").Signs().MapPost("/restore", TakeBack).RequireRole(Role.Operator)
        .WithTags("images")
        .WithSummary("Take back what a site signed")
        .WithDescription(
            "Removals, recalls and descriptions that the site signed from that time on and that are still in force become what they were before, in one step. This site remembers the last 20 changes "
            + "of each image, recall and description for 30 days. With dryRun it only says what it would do. Aliases are left where they are.")
        .Produces<TakeBackView>()
        .Refuses(400, 409, 503);

    private static IResult TakeBack(TakeBackRequest request, HttpContext http, SiteLedger ledger, CatalogBook book) =>
        request is not { By: { } signer, Since: { } since }
            ? SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, "Say whose changes are taken back (by: the id of a site) and from when on (since: a time such as 2026-11-29T13:00:00Z)."))
        : !SiteId.IsValid(signer)
            ? SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"by is '{signer}', which is no id of a site."))
            : SiteApi.Answer(
                book.TakeBack(signer, since, http.Caller().Name, request.DryRun),
                plan => TypedResults.Json(
                    new TakeBackView(
                        signer,
                        since,
                        request.DryRun,
                        [.. plan.Undone.Select(change => Of(ledger.View, change, null))],
                        [.. plan.Left.Select(left => Of(ledger.View, left.Change, left.Why))]),
                    ApiJson.Readable.TakeBackView));

    private static TakenBackView Of(SiteView view, CatalogChange change, string? reason) => new(
        change.Kind switch
        {
            ChangeKind.AliasMoved => "alias-moved",
            ChangeKind.ProtectedRemoved => "protected-removed",
            ChangeKind.RecallEnded => "recall-ended",
            var kind => kind.ToString().ToLowerInvariant(),
        },
        change.Register.Alias ?? view.NameOf(change.Register.Image),
        change.Register.Kind is RegisterKind.Alias ? null : change.Register.Image,
        change.At,
        reason);
}
