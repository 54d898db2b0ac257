using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml;

namespace IsoCatalog.Simulators.Engine;

/// <summary>The two forms of the API.</summary>
internal static class EntityWriter
{
    public static byte[] Xml(Entity root)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Indent = true, IndentChars = "    ", Encoding = new System.Text.UTF8Encoding(false) }))
        {
            xml.WriteStartDocument(standalone: true);
            Write(xml, root);
        }

        return bytes.ToArray();
    }

    /// <summary>No root, a list under the name of one of its things, and no name for what is empty: an empty collection is <c>{}</c>.</summary>
    public static byte[] Json(Entity root)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(json, root);
        }

        return bytes.ToArray();
    }

    private static void Write(XmlWriter xml, Entity thing)
    {
        xml.WriteStartElement(thing.Name);
        foreach (var (name, value) in thing.Attributes)
        {
            xml.WriteAttributeString(name, value);
        }

        foreach (var member in thing.Members)
        {
            switch (member)
            {
                case Entity.Member.Text text:
                    xml.WriteElementString(text.Name, text.Value);
                    break;
                case Entity.Member.One one:
                    Write(xml, one.Thing);
                    break;
                case Entity.Member.Many many:
                    foreach (var each in many.Things)
                    {
                        Write(xml, each);
                    }

                    break;
                default:
                    throw new UnreachableException();
            }
        }

        xml.WriteEndElement();
    }

    private static void Write(Utf8JsonWriter json, Entity thing)
    {
        json.WriteStartObject();
        foreach (var member in thing.Members)
        {
            switch (member)
            {
                case Entity.Member.Text text:
                    json.WriteString(text.Name, text.Value);
                    break;
                case Entity.Member.One one:
                    json.WritePropertyName(one.Thing.Name);
                    Write(json, one.Thing);
                    break;
                case Entity.Member.Many many:
                    json.WriteStartArray(many.Name);
                    foreach (var each in many.Things)
                    {
                        Write(json, each);
                    }

                    json.WriteEndArray();
                    break;
                default:
                    throw new UnreachableException();
            }
        }

        foreach (var (name, value) in thing.Attributes)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }
}
