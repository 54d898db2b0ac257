using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Leases: the check-and-hold at the customer's click.</summary>
internal static class LeaseEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var leases = api.MapGroup("/leases").WithTags("panel").RequireRole(Role.Panel);
        leases.MapPost("/", Add).WithSummary("Hold an image that is available now")
            .WithDescription("Fails with 409 and the reason if it is not available on that surface at this moment. For a BMC the URL is bound to its address.")
            .Produces<LeaseView>(201).Refuses(400, 404, 409);
        leases.MapGet("/", (Leases all) => TypedResults.Json(new LeaseList(all.All()), ApiJson.Readable.LeaseList))
            .WithSummary("All leases").Produces<LeaseList>();
        leases.MapGet("/{id}", (string id, Leases all) => all.Find(id) is { } lease ? Json(lease, 200) : SiteApi.Refused(Unknown(id)))
            .WithSummary("One lease").Produces<LeaseView>().Refuses(404);
        leases.MapPut("/{id}", (string id, LeaseRenewal renewal, Leases all) => SiteApi.Answer(all.Renew(id, renewal.Ttl), l => Json(l, 200)))
            .WithSummary("Renew a lease from now on").Produces<LeaseView>().Refuses(400, 404, 409);
        leases.MapDelete("/{id}", (string id, Leases all) => all.End(id) ? Results.NoContent() : SiteApi.Refused(Unknown(id)))
            .WithSummary("Give a lease back").Produces(204).Refuses(404);
    }

    private static IResult Add(LeaseRequest request, HttpContext http, Leases leases) => SiteApi.Answer(leases.Add(request), lease =>
    {
        http.Response.Headers.Location = $"/api/v1/leases/{lease.Id}";
        return Json(lease, 201);
    });

    private static IResult Json(LeaseView lease, int status) => TypedResults.Json(lease, ApiJson.Readable.LeaseView, statusCode: status);

    private static Refusal Unknown(string id) =>
        new(RefusalCode.NotFound, $"There is no lease '{id}'; it was given back, or it ran out. Ask for a new one.");
}
