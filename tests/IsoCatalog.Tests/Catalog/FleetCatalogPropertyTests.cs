using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>The merge, whatever happens to documents on their way. Each property must fail for the wrong rules of <c>WrongSites.cs</c>.</summary>
public sealed class FleetCatalogPropertyTests(ITestOutputHelper output)
{
    private const int Runs = 40;

    private static readonly Gen<int> Seeds = Gen.Choose(0, int.MaxValue - 1);

    [Fact]
    public void Sites_that_were_apart_come_to_the_same_view_and_the_generator_shows_what_it_should()
    {
        var (runs, conflicts, forks, pending) = (0, 0, 0, 0);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Runs), Prop.ForAll(Seeds.ToArbitrary(), seed =>
        {
            var world = new World(seed, (fleet, id, skew) => new ModelSite(fleet, id, skew));
            var difference = world.Run();
            runs++;
            conflicts += world.HasConflict ? 1 : 0;
            forks += world.HasFork ? 1 : 0;
            pending += world.HasPending ? 1 : 0;
            return (difference is null).Label($"{seed}: {difference}");
        }));

        output.WriteLine($"{runs} runs: {100 * conflicts / runs} % with a conflict, {100 * forks / runs} % with a fork, {100 * pending / runs} % with a document that waited");
        Assert.All([conflicts, forks, pending], count => Assert.True(count * 20 > runs, $"{conflicts}, {forks}, {pending} of {runs}"));
    }

    [Fact]
    public void A_site_that_keeps_only_the_head_is_found_out() => Assert.NotNull(FirstFailure((fleet, id, skew) => new HeadOnlySite(fleet, id, skew)));

    [Fact]
    public void A_site_that_refuses_the_future_for_ever_is_found_out() => Assert.NotNull(FirstFailure((fleet, id, skew) => new ImpatientSite(fleet, id, skew)));

    [Fact]
    public void Any_order_repetition_and_loss_with_retry_gives_the_same_bytes()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Seeds.ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var parcels = History(random);
            var now = SomeFleet.Now.AddDays(1);
            var (inOrder, mixed) = (Fleet.Catalog(), Fleet.Catalog());
            foreach (var parcel in parcels)
            {
                inOrder = inOrder.Admit(parcel.Envelope, parcel.Chunks, now).Catalog;
            }

            var twice = parcels.Concat(parcels).ToArray();
            random.Shuffle(twice);
            foreach (var parcel in twice.Where(_ => random.Next(4) > 0).Concat(parcels))
            {
                mixed = mixed.Admit(parcel.Envelope, random.Next(3) == 0 ? SomeFleet.Nothing : parcel.Chunks, now).Catalog;
            }

            foreach (var parcel in parcels)
            {
                mixed = mixed.Admit(parcel.Envelope, parcel.Chunks, now).Catalog;
            }

            return Render.View(inOrder.View) == Render.View(mixed.View)
                && inOrder.Heads.SequenceEqual(mixed.Heads)
                && Render.View(mixed.Joined()) == Render.View(mixed.View)
                && inOrder.Sites.Values.SelectMany(s => s.Retained).Select(d => d.Ref).SequenceEqual(mixed.Sites.Values.SelectMany(s => s.Retained).Select(d => d.Ref));
        }));
    }

    [Fact]
    public void Merging_is_commutative_associative_and_idempotent()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Seeds.ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var sides = History(random).GroupBy(_ => random.Next(3)).Select(g => Of([.. g])).ToList();
            sides.AddRange(Enumerable.Repeat(Of([]), 3 - sides.Count));
            var (a, b, c) = (sides[0], sides[1], sides[2]);
            return Same(Merge(a, b), Merge(b, a)) && Same(Merge(Merge(a, b), c), Merge(a, Merge(b, c))) && Same(Merge(a, a), a) && Same(Merge(Merge(a, b), b), Merge(a, b));
        }));

        static (List<Parcel> Parcels, FleetCatalog Catalog) Of(List<Parcel> parcels) => Merge((parcels, Fleet.Catalog()), (parcels, Fleet.Catalog()));

        // What a site passes on is what it retains, not all that it ever had.
        static (List<Parcel> Parcels, FleetCatalog Catalog) Merge((List<Parcel> Parcels, FleetCatalog Catalog) a, (List<Parcel> Parcels, FleetCatalog Catalog) b)
        {
            var catalog = b.Parcels.Aggregate(a.Catalog, (state, parcel) => state.Admit(parcel.Envelope, parcel.Chunks, SomeFleet.Now.AddDays(1)).Catalog);
            var retained = catalog.Sites.Values.SelectMany(s => s.Retained).Select(d => d.Ref.Sha256).ToHashSet();
            return ([.. a.Parcels.Concat(b.Parcels).DistinctBy(p => p.Hash).Where(p => retained.Contains(p.Hash))], catalog);
        }

        static bool Same((List<Parcel> Parcels, FleetCatalog Catalog) a, (List<Parcel> Parcels, FleetCatalog Catalog) b) =>
            Render.View(a.Catalog.View) == Render.View(b.Catalog.View) && a.Parcels.Select(p => p.Hash).ToHashSet().SetEquals(b.Parcels.Select(p => p.Hash));
    }

    private static readonly SomeFleet Fleet = new("ams", "nyc");

    /// <summary>Documents of two sites that see each other now and then; now and then one of them starts again from an older state.</summary>
    private static List<Parcel> History(Random random)
    {
        var parcels = new List<Parcel>();
        var sites = Fleet.Signers.Keys.ToDictionary(id => id, id => (Catalog: Fleet.Catalog(id), Writer: Fleet.Writer(id)));
        var old = sites.ToDictionary();
        for (var step = 0; step < 12; step++)
        {
            var id = random.Next(2) == 0 ? "ams" : "nyc";
            var now = SomeFleet.Now.AddSeconds((step * 10) + random.Next(30));
            switch (random.Next(8))
            {
                case 0:
                    old[id] = sites[id];
                    break;
                case 1:
                    sites[id] = old[id];
                    break;
                case 2 or 3:
                    var other = sites[id == "ams" ? "nyc" : "ams"];
                    var known = other.Catalog.Sites.Values.SelectMany(s => s.Retained).Select(d => d.Ref.Sha256).ToHashSet();
                    var catalog = parcels.Where(p => known.Contains(p.Hash)).Aggregate(sites[id].Catalog, (c, p) => c.Admit(p.Envelope, p.Chunks, now).Catalog);
                    sites[id] = (catalog, sites[id].Writer);
                    break;
                default:
                    var (state, writer) = sites[id];
                    var entry = World.SomeEntry(random.Next(8), random.Next(4), writer.NextStamp(state, ClockReading.Of(now)));
                    var written = (WriteOutcome.Written)writer.Write(state, [entry], Fleet.Signers[id], ClockReading.Of(now));
                    var parcel = Parcel.Of(written.Document, written.Writer);
                    parcels.Add(parcel);
                    sites[id] = (state.Admit(parcel.Envelope, parcel.Chunks, now).Catalog, written.Writer);
                    break;
            }
        }

        return parcels;
    }

    private static string? FirstFailure(Func<SomeFleet, string, int, ModelSite> site) =>
        Enumerable.Range(0, 60).Select(seed => new World(seed, site).Run()).FirstOrDefault(difference => difference is not null);
}
