using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Aliases: signed names that point to an image, and move.</summary>
internal static class AliasEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var aliases = api.MapGroup("/aliases").WithTags("images").Signs();
        aliases.MapGet("/", (SiteLedger ledger, ViewPoint point) =>
                TypedResults.Json(new AliasList(AliasViews.All(ledger.View, point)), ApiJson.Readable.AliasList))
            .RequireRole(Role.Panel).WithSummary("Every alias, where it points, and what it waits for").Produces<AliasList>();
        aliases.MapGet("/{name}", (string name, SiteLedger ledger, ViewPoint point) => AliasViews.Of(ledger.View, name, point) is { } alias
                ? TypedResults.Json(alias, ApiJson.Readable.AliasView)
                : SiteApi.Refused(new Refusal(RefusalCode.NotFound, "There is no such alias. 'isocatalog alias' and GET /api/v1/aliases list what there is.")))
            .RequireRole(Role.Panel).WithSummary("One alias").Produces<AliasView>().Refuses(404);
        aliases.MapPut("/{name}", Put).RequireRole(Role.Operator).WithSummary("Point an alias to an image")
            .WithDescription(
                "200 when it points there now. 202 with a job while the image is not available everywhere (on every surface of every site that is in reach): it moves as soon as "
                + "that is so, also after a restart of the site. Another PUT for the same name replaces the one that waits. With keepVersions, older former targets are removed "
                + "from the catalog when it has moved, but for protected ones and those that other aliases name.")
            .Produces<AliasView>().Produces<JobView>(202).Refuses(400, 404, 409, 503);
        aliases.MapDelete("/{name}", Delete).RequireRole(Role.Operator).WithSummary("Take an alias away, and a move of it that waits").Produces(204).Refuses(404, 503);
    }

    private static IResult Put(string name, AliasRequest request, HttpContext http, SiteLedger ledger, AliasMover mover, ViewPoint point)
    {
        if (AliasName.Objection(name) is { } objection)
        {
            return SiteApi.Refused(new Refusal(RefusalCode.NameInvalid, objection));
        }

        if (string.IsNullOrEmpty(request.Image) || request.KeepVersions is < 0 or > AliasEntry.MaxFormer)
        {
            return SiteApi.Refused(new Refusal(
                RefusalCode.InvalidRequest, $"Give an image (its id or its name); keepVersions, if given, is 0 to {AliasEntry.MaxFormer}."));
        }

        var catalog = ledger.View.Catalog;
        return catalog.Find(request.Image) is not { } image
            ? SiteApi.Refused(CatalogRules.Unknown(catalog, request.Image))
            : SiteApi.Answer(mover.Set(name, image.Id, request.KeepVersions, http.Caller().Name), change =>
            {
                if (change.Waiting is not { } waiting)
                {
                    return TypedResults.Json(AliasViews.Of(ledger.View, name, point), ApiJson.Readable.AliasView);
                }

                http.Response.Headers.Location = $"/api/v1/jobs/{waiting.Job}";
                return TypedResults.Json(JobViews.Of(mover.Job(waiting)), ApiJson.Readable.JobView, statusCode: 202);
            });
    }

    /// <summary>Any name that the format allows, so that what another site called badly can be taken away.</summary>
    private static IResult Delete(string name, HttpContext http, AliasMover mover) =>
        SiteApi.Answer(mover.Remove(name, http.Caller().Name), _ => TypedResults.NoContent());
}
