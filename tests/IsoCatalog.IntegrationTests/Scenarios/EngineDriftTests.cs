using IsoCatalog.Core.Readiness;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The files of an ISO domain are as they should be, and its engine is not: one whole site for the class, left by each test as it found it.</summary>
public sealed class EngineDriftTests : IClassFixture<EngineDriftTests.Place>, IDisposable
{
    private static readonly Dictionary<string, (EngineFaults Fault, string Code, bool Unreachable)> Faults = new()
    {
        ["is down"] = (new() { Down = true }, ReasonCode.SurfaceUnreachable, true),
        ["cuts connections"] = (new() { Cut = true }, ReasonCode.SurfaceUnreachable, true),
        ["answers a login page"] = (new() { Garbage = EngineGarbage.Html }, ReasonCode.SurfaceUnreachable, true),
        ["answers half an answer"] = (new() { Garbage = EngineGarbage.Truncated }, ReasonCode.SurfaceUnreachable, true),
        ["refuses the password"] = (EngineFaults.None, ReasonCode.EngineDenied, true),
        ["shows the user nothing"] = (new() { NoPermission = true }, ReasonCode.SurfaceMissing, true),
        ["has the domain in maintenance"] = (Status("maintenance"), ReasonCode.DomainInactive, false),
        ["has the domain inactive"] = (Status("inactive"), ReasonCode.DomainInactive, false),
    };

    private readonly Place _place;

    public EngineDriftTests(Place place) => _place = place;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SimulatedDomain Domain => _place.Domain;

    private TestSite Site => _place.Site;

    private Witness Witness => _place.Witness;

    private string Published => Path.Combine(Domain.Files, _place.Image.Name);

    public static TheoryData<string> Troubles => [.. Faults.Keys];

    /// <summary>So that a test that fails fails alone.</summary>
    public void Dispose()
    {
        Domain.Engine.Faults = EngineFaults.None;
        Domain.WritePassword();
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task An_engine_that_cannot_be_relied_on_takes_its_own_surface_from_the_list_and_no_file(string trouble)
    {
        var (fault, code, unreachable) = Faults[trouble];
        await Witness.ListedAsync(_place.Image.Id, "bmc", "ovirt");
        var (before, file) = (Witness.Now, FileIdentity.Of(Published, default));
        Domain.Engine.Faults = fault;
        if (code == ReasonCode.EngineDenied)
        {
            Domain.WritePassword("changed meanwhile");
            Domain.Engine.ExpireTokens();
        }

        await LeftAsync(before, code);
        Assert.Equal("ovirt", (await Witness.DriftAsync(code)).Surface);
        await MeasuredAsync($$"""isocatalog_drift{code="{{code}}",surface="ovirt"}""", 1);
        await MeasuredAsync("""isocatalog_surface_up{surface="ovirt"}""", 0);
        await MeasuredAsync("""isocatalog_engine_up{surface="ovirt"}""", unreachable ? 0 : 1);
        await Witness.ToldAsync(before, code, "ovirt");

        await BackAsync(before, file);
    }

    [Fact]
    public async Task A_file_that_the_engine_stops_listing_leaves_the_list_and_stays_where_it_is()
    {
        await Witness.ListedAsync(_place.Image.Id, "bmc", "ovirt");
        var (before, file) = (Witness.Now, FileIdentity.Of(Published, default));
        Domain.Engine.Faults = new() { Hide = [_place.Image.Name] };

        await LeftAsync(before, ReasonCode.EngineNotListed);
        Assert.Equal(_place.Image.Id, (await Witness.DriftAsync(ReasonCode.EngineNotListed, _place.Image.Name)).Image);
        await MeasuredAsync("""isocatalog_drift{code="engine-not-listed",surface="ovirt"}""", 1);
        await Witness.ToldAsync(before, ReasonCode.EngineNotListed, "ovirt", _place.Image.Id);

        await BackAsync(before, file);
    }

    [Fact]
    public async Task What_the_engine_lists_and_the_domain_has_not_is_reported_and_never_offered()
    {
        await Witness.ListedAsync(_place.Image.Id, "bmc", "ovirt");
        var before = Witness.Now;
        Domain.Engine.Faults = new() { Invent = ["ghost.iso"] };

        Assert.Equal("ovirt", (await Witness.DriftAsync(ReasonCode.EngineListsMore, "ghost.iso")).Surface);
        await MeasuredAsync("""isocatalog_drift{code="engine-lists-more",surface="ovirt"}""", 1);
        await MeasuredAsync("""isocatalog_engine_list_drift{surface="ovirt"}""", 1);
        Assert.Equal([_place.Image.Id], (await Site.Client.GetAvailableAsync(new IsoCatalog.Client.AvailableRequest("ovirt"), Cancel)).Images.Select(i => i.Id));
        Assert.Empty(await Witness.LeftAsync(_place.Image.Id, "ovirt", before));

        await BackAsync(before, FileIdentity.Of(Published, default));
    }

    [Fact]
    public async Task A_host_that_cannot_list_the_domain_is_said_at_once_and_counts_against_the_list_only_when_the_last_one_is_old()
    {
        await Witness.ListedAsync(_place.Image.Id, "bmc", "ovirt");
        var (before, file) = (Witness.Now, FileIdentity.Of(Published, default));
        Domain.Engine.Faults = new() { FailingDataCenters = [SimulatedDomain.DataCenter] };

        await Witness.DriftAsync(ReasonCode.EngineRefreshFailed);
        var said = Witness.Now;
        await LeftAsync(before, ReasonCode.EngineRefreshFailed);
        Assert.All(await Witness.LeftAsync(_place.Image.Id, "ovirt", before), left => Assert.True(left.At > said));
        await MeasuredAsync("""isocatalog_engine_refresh_failures_total{surface="ovirt"}""", 1, atLeast: true);

        await BackAsync(before, file);
    }

    [Fact]
    public async Task A_link_of_somebody_else_that_leads_nowhere_is_named_as_what_keeps_the_engine_from_listing()
    {
        await Witness.ListedAsync(_place.Image.Id, "bmc", "ovirt");
        var (before, link) = (Witness.Now, Path.Combine(Domain.Files, "gone.iso"));
        File.CreateSymbolicLink(link, "/nowhere/at/all");

        Assert.Equal("ovirt", (await Witness.DriftAsync(ReasonCode.DomainUnlistable, link)).Surface);
        await MeasuredAsync("""isocatalog_drift{code="domain-unlistable",surface="ovirt"}""", 1, atLeast: true);
        Assert.NotNull(new FileInfo(link).LinkTarget);
        File.Delete(link);

        await BackAsync(before, FileIdentity.Of(Published, default));
    }

    private static EngineFaults Status(string status) =>
        new() { Status = new Dictionary<string, string>(StringComparer.Ordinal) { [SimulatedDomain.DataCenter] = status } };

    private Task LeftAsync(DateTimeOffset before, string code) => TestSite.EventuallyAsync(
        async () => !await Site.ListsAsync("ovirt", _place.Image.Id, Cancel)
            && (await Witness.LeftAsync(_place.Image.Id, "ovirt", before)).Any(e => e.Code == code),
        Cancel,
        seconds: 60);

    private Task MeasuredAsync(string series, double value, bool atLeast = false) => TestSite.EventuallyAsync(
        async () => await Witness.MetricAsync(series) is { } now && (atLeast ? now >= value : now == value), Cancel);

    /// <summary>The file was never moved, nobody but the engine's users noticed, and when all is well the image is offered again and nothing is left to report.</summary>
    private async Task BackAsync(DateTimeOffset before, Receipt? file)
    {
        Assert.Equal(file, FileIdentity.Of(Published, default));
        Domain.Engine.Faults = EngineFaults.None;
        Domain.WritePassword();
        await TestSite.EventuallyAsync(
            async () => await Site.ListsAsync("ovirt", _place.Image.Id, Cancel) && (await Site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel, seconds: 60);
        Assert.Equal(file, FileIdentity.Of(Published, default));
        Assert.Empty(await Witness.LeftAsync(_place.Image.Id, "bmc", before));
    }

    /// <summary>A site with an ISO domain, an engine, and one image in its list.</summary>
    public sealed class Place : IAsyncLifetime
    {
        internal SimulatedDomain Domain { get; private set; } = null!;

        internal TestSite Site { get; private set; } = null!;

        internal Witness Witness { get; private set; } = null!;

        internal IsoCatalog.Client.ImageView Image { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Domain = await SimulatedDomain.StartAsync();
            Site = await Scenario.StartAsync(new TestSiteOptions
            {
                EnginePace = 50,
                Surfaces =
                    $$"""
                      - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
                    {{Domain.Surface}}
                    """,
            });
            Witness = new Witness(Site);
            Image = await Site.AddAsync(Site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 100_000, 1)), Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            Witness?.Dispose();
            await (Site?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (Domain?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}
