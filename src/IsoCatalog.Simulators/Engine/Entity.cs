namespace IsoCatalog.Simulators.Engine;

/// <summary>
/// A thing of the API before it is XML or JSON: attributes, texts, things and lists of things, in the order of XML. Every value is text, because the
/// engine binds its numbers and booleans as strings.
/// </summary>
internal sealed class Entity(string name)
{
    private readonly List<(string Name, string Value)> _attributes = [];
    private readonly List<Member> _members = [];

    public string Name => name;

    public IReadOnlyList<(string Name, string Value)> Attributes => _attributes;

    public IReadOnlyList<Member> Members => _members;

    /// <summary>A thing with the two attributes that all have.</summary>
    public static Entity At(string name, string href, string id) => new Entity(name).Attribute("href", href).Attribute("id", id);

    public Entity Attribute(string attribute, string value)
    {
        _attributes.Add((attribute, value));
        return this;
    }

    /// <summary>Null: absent, in both forms.</summary>
    public Entity Text(string element, string? value)
    {
        if (value is not null)
        {
            _members.Add(new Member.Text(element, value));
        }

        return this;
    }

    public Entity One(Entity? thing)
    {
        if (thing is not null)
        {
            _members.Add(new Member.One(thing));
        }

        return this;
    }

    /// <summary>Absent in both forms when there are none.</summary>
    public Entity Many(IEnumerable<Entity> things)
    {
        _members.AddRange(things.GroupBy(t => t.Name).Select(g => new Member.Many(g.Key, [.. g])));
        return this;
    }

    public Entity Links(params ReadOnlySpan<(string Rel, string Href)> links)
    {
        var things = new List<Entity>();
        foreach (var (rel, href) in links)
        {
            things.Add(new Entity("link").Attribute("href", href).Attribute("rel", rel));
        }

        return Many(things);
    }

    internal abstract record Member
    {
        private Member()
        {
        }

        public sealed record Text(string Name, string Value) : Member;

        public sealed record One(Entity Thing) : Member;

        public sealed record Many(string Name, IReadOnlyList<Entity> Things) : Member;
    }
}
